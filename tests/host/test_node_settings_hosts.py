"""Settings that other hosts have told or written to the log: a leader before, one that was cut off,
or one of the former version, which knows neither `recording.kept_min` nor `people.names_days`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.host.settings_stage import DEFAULTS, DELAY, TALK, Stage, wrote
from tests.shared.keys import Directory

from pressel.errors import PresselError
from pressel.node.desk import settings_past
from pressel.node.kept_settings import load_kept, store_kept
from pressel.registry.store import Registry
from ptt.base.numbers import INT_MAX
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings


def test_a_host_that_stands_by_keeps_what_its_leader_has(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Settings(4, 100, 30_000))
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 100, TALK: 30_000}
    assert stage.settings.show({})["badges"] is None
    stage.keep()
    assert load_kept(tmp_path).values()[:3] == (4, 100, 30_000)
    stage.follow(Settings(3, 60, 60_000))  # of a leader that has not heard of them
    stage.keep()
    assert load_kept(tmp_path).values()[:3] == (4, 100, 30_000)
    stage.follow(Settings(4, 120, 30_000))  # two leaders of a split had the same thought
    stage.keep()
    assert load_kept(tmp_path).values()[:3] == (4, 120, 30_000)
    stage.disk_is_full = True
    stage.follow(Settings(5, 60, 60_000))
    stage.keep()
    stage.keep()
    assert stage.told == ["settings_file: the disk is full"]


def test_a_host_that_leads_puts_in_force_what_the_log_tells(tmp_path: Path) -> None:
    """Who led before told the others, and this host was cut off just then."""
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    stage.leader = Leader(2, 1, Directory(), os.urandom, Settings(1))
    stage.keep()
    now = stage.leader.settings.settings
    assert (now.version, now.talk_ms) == (2, 90_000)
    assert [each["version"] for each in stage.history()] == [2]


def test_what_the_log_tells_is_in_force_before_anything_is_set(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    stage.leader = Leader(2, 1, Directory(), os.urandom, Settings(1))
    with pytest.raises(PresselError, match="of version 2, not 1"):
        stage.set(DELAY, 80, 1)
    stage.set(DELAY, 80, 2)
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 80, TALK: 90_000}


def test_what_another_host_has_written_since_is_looked_at(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.keep()
    now = {**DEFAULTS, TALK: 90_000}
    with Registry(tmp_path) as registry:
        told = {"now": json.dumps(now), "was": "{}"}
        registry.record("settings set", "", {"version": 4}, told)
        registry.record("settings set", "", {"version": 3}, {**told, "now": json.dumps(DEFAULTS)})
        registry.record("settings set", "", {"version": INT_MAX + 1}, told)
    stage.keep()
    assert stage.settings.show({})["version"] == 1
    stage.settings.look_again()
    stage.disk_is_full = True
    stage.keep()
    stage.disk_is_full = False
    stage.keep()
    assert stage.settings.show({})["version"] == 4
    assert stage.settings.show({})["values"] == now


def test_a_leader_that_was_cut_off_outvotes_nobody(tmp_path: Path) -> None:
    """However often it changed something meanwhile: who led later had a majority."""
    stage = Stage(tmp_path)
    for version in (2, 3, 4):
        wrote(stage, 5, version, {TALK: 80_000 + version})
    wrote(stage, 6, 2, {TALK: 70_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (5, 70_000)
    assert [each["version"] for each in stage.history()] == [2, 2, 3, 4, 5]
    why = "version 2 holds: its leader led later than that of version 4"
    assert stage.history()[-1]["why"] == why
    again = Stage(tmp_path)
    again.keep()
    assert again.settings.show({})["version"] == 5


def test_of_two_equal_versions_that_of_the_later_term_holds(tmp_path: Path) -> None:
    """Also where the other one is in force: badges have that under the same number."""
    Stage(tmp_path)
    store_kept(tmp_path, Settings(2, 60, 80_000))
    stage = Stage(tmp_path)
    wrote(stage, 5, 2, {TALK: 80_000})
    wrote(stage, 6, 2, {TALK: 70_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (3, 70_000)


def test_what_standbys_were_told_holds_although_no_log_tells_it(tmp_path: Path) -> None:
    """Its leader died between the two."""
    Stage(tmp_path)
    store_kept(tmp_path, Settings(3, 60, 90_000))
    stage = Stage(tmp_path)
    wrote(stage, 6, 2, {TALK: 70_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (3, 90_000)


KEPT = "recording.kept_min"


@pytest.mark.parametrize("is_in_log", [True, False])
def test_what_a_former_host_does_not_know_it_does_not_end(tmp_path: Path, is_in_log: bool) -> None:
    if is_in_log:
        Stage(tmp_path).set_all({KEPT: 480, f"{KEPT}@3": 15}, 1)
    else:
        Registry(tmp_path).close()
        store_kept(tmp_path, Settings(2, kept_min=480, own={3: {11: 15}}))
    stage = Stage(tmp_path, Settings(3, talk_ms=90_000))
    for _ in range(2):
        stage.keep()
        assert stage.settings.kept_minutes() == (480, {3: 15})
        assert load_kept(tmp_path).talk_ms == 90_000
        assert load_kept(tmp_path).kept_min == 480
    again = Stage(tmp_path)
    again.leader = Leader(2, 1, Directory(), os.urandom, Settings(3, talk_ms=90_000))
    assert again.settings.kept_minutes() == (480, {3: 15})  # before the log is looked at
    again.keep()
    assert again.settings.kept_minutes() == (480, {3: 15})
    assert load_kept(tmp_path).kept_min == 480
    again.set_all({KEPT: 0, f"{KEPT}@3": None}, again.settings.show({})["version"])
    assert again.settings.kept_minutes() == (0, {})
    again.keep()
    assert (again.settings.kept_minutes(), load_kept(tmp_path).kept_min) == ((0, {}), 0)


def test_a_change_by_a_former_host_ends_no_setting_that_it_does_not_know(tmp_path: Path) -> None:
    Stage(tmp_path).set_all({KEPT: 480, f"{KEPT}@3": 15}, 1)
    with Registry(tmp_path) as registry:
        registry.log.term = 2
        now = {TALK: 90_000, DELAY: 60}
        registry.record(settings_past.SET, "", {"version": 3}, settings_past.texts({}, now, ""))
    stage = Stage(tmp_path)
    stage.leader = Leader(3, 1, Directory(), os.urandom, Settings(3, talk_ms=90_000))
    stage.keep()
    assert stage.leader.settings.settings.kept_min == 480
    assert stage.settings.kept_minutes() == (480, {3: 15})
    assert stage.leader.settings.settings.talk_ms == 90_000


NAMES = "people.names_days"


def test_all_hosts_keep_names_for_as_long_as_the_venue_says(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "a")
    assert stage.settings.names_days() == 0
    stage.set(NAMES, 90, 1)
    assert stage.settings.names_days() == 90
    standby = Stage(tmp_path / "b", Settings(2, names_days=90))
    assert standby.settings.names_days() == 90
    standby.keep()
    for former in (Settings(3, talk_ms=90_000), Settings(3, names_days=90)):
        standby.follow(former)  # the first is of a host that does not know the setting
        assert standby.settings.names_days() == 90


def test_a_host_that_hears_no_leader_forgets_nobody(tmp_path: Path) -> None:
    """It may have been off for a month in which the venue decided otherwise."""
    Stage(tmp_path).set(NAMES, 1, 1)
    stage = Stage(tmp_path)
    stage.leader = None
    assert stage.settings.names_days() is None


def test_a_standby_follows_the_end_of_a_setting_by_the_log(tmp_path: Path) -> None:
    Stage(tmp_path).set(KEPT, 480, 1)
    stage = Stage(tmp_path, Settings(3))
    stage.keep()
    assert stage.settings.kept_minutes() == (480, {})
    with Registry(tmp_path) as registry:
        now = {**DEFAULTS, KEPT: 0}
        registry.record(settings_past.SET, "", {"version": 3}, settings_past.texts({}, now, ""))
    stage.settings.look_again()
    stage.keep()
    assert (stage.settings.kept_minutes(), load_kept(tmp_path).kept_min) == ((0, {}), 0)


def test_who_has_heard_nothing_of_a_setting_but_from_a_former_host_ends_nothing(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, Settings(3, talk_ms=90_000))
    assert stage.settings.kept_minutes() is None
