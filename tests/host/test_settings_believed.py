"""No host's word uses up the versions of the settings, nor holds for ever."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from tests.host.log_venue import Venue as Logs
from tests.host.settings_stage import DEFAULTS, DELAY, TALK, Stage, wrote
from tests.shared.keys import Directory

from pressel.errors import PresselError
from pressel.node.desk.venue_settings import VenueSettings
from pressel.node.kept_settings import load_kept, store_kept
from ptt.base.numbers import INT_MAX, SETTINGS_JUMP_MAX, SETTINGS_SURE
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

HIGHEST = SETTINGS_SURE + SETTINGS_JUMP_MAX


@pytest.mark.parametrize("version", [HIGHEST + 1, INT_MAX - 1, INT_MAX])
def test_a_version_that_nobody_can_have_reached_closes_nothing(
    tmp_path: Path, version: int
) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    wrote(stage, 6, version, {TALK: 70_000})
    stage.settings.look_again()
    stage.keep()
    assert stage.set(DELAY, 80, 2)["values"] == {**DEFAULTS, DELAY: 80, TALK: 90_000}
    assert [each["version"] for each in stage.history()] == [2, 3]
    assert stage.settings.known == 3
    (told,) = stage.told
    assert told.startswith("settings_doubted: ") and told.endswith(f" {version}")


def test_no_row_of_them_goes_far(tmp_path: Path) -> None:
    """Each is believed a little above the one before; a thousand leave most of the numbers."""
    stage = Stage(tmp_path)
    for step in range(3):
        wrote(stage, 6, HIGHEST + step * SETTINGS_JUMP_MAX, {TALK: 70_000})
    wrote(stage, 6, HIGHEST + 4 * SETTINGS_JUMP_MAX, {TALK: 75_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (HIGHEST + 2 * SETTINGS_JUMP_MAX, 70_000)
    stage.set(TALK, 90_000, now["version"])


def test_a_leader_that_names_such_a_version_is_not_followed_in_it(tmp_path: Path) -> None:
    Stage(tmp_path)
    store_kept(tmp_path, Settings(3, 60, 90_000))
    stage = Stage(tmp_path, Settings(INT_MAX, 60, 70_000))
    stage.keep()
    stage.keep()
    assert load_kept(tmp_path).version == 3
    assert stage.settings.show({})["values"][TALK] == 90_000
    assert stage.settings.known == 3
    assert stage.told == [f"settings_doubted: the host that leads {INT_MAX}"]


def test_a_file_without_a_number_left_says_the_way_back(tmp_path: Path) -> None:
    """What the log tells, and can be believed, then holds under a low number again."""
    Stage(tmp_path)
    store_kept(tmp_path, Settings(INT_MAX, 60, 90_000))
    stage = Stage(tmp_path)
    assert "stop all hosts, delete `settings.json`" in stage.told[0]
    wrote(stage, 5, 2, {TALK: 70_000})
    wrote(stage, 6, INT_MAX, {TALK: 80_000})
    stage.keep()
    now = stage.settings.show({})
    assert (now["version"], now["values"][TALK]) == (2, 70_000)


def test_a_leader_without_a_number_left_says_the_way_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.leader = Leader(2, 1, Directory(), os.urandom, Settings(INT_MAX))
    with pytest.raises(PresselError, match="stop all hosts, delete"):
        stage.set(TALK, 90_000, INT_MAX)


def says(logs: Logs, name: str, term: int, version: int, talk_ms: int) -> None:
    registry = logs.at[name]
    registry.log.term = term
    now = json.dumps({**DEFAULTS, TALK: talk_ms})
    registry.record("settings set", "", {"version": version}, {"now": now, "was": "{}"})


def desk(logs: Logs, name: str, term: int) -> tuple[VenueSettings, Leader]:
    leader = Leader(term, 1, Directory(), os.urandom, Settings(1))

    async def in_thread(call, *values):
        return call(*values)

    made = VenueSettings(
        logs.folder / name, lambda: leader, lambda: None, lambda: None, in_thread,
        lambda act: act(logs.at[name]), lambda event, fields: None,
    )  # fmt: skip
    asyncio.run(made.keep(0))
    return made, leader


@pytest.mark.parametrize("is_removed", [False, True])
def test_who_was_removed_does_not_overrule_what_was_set_since(
    tmp_path: Path, is_removed: bool
) -> None:
    """It had named a high term; who leads in a lower one knew of that, and said something else."""
    logs = Logs(tmp_path, "abx")
    says(logs, "x", 900, 5, 70_000)
    logs.meet()
    for name in "ab" if is_removed else "":
        logs.at[name].remove_host("x")
    _, leader = desk(logs, "a", 7)
    assert leader.settings.settings.talk_ms == 70_000  # nobody has said anything else since
    says(logs, "a", 7, 6, 90_000)
    logs.hear("b", "a")
    _, leader = desk(logs, "b", 8)
    now = leader.settings.settings
    assert (now.version, now.talk_ms) == ((6, 90_000) if is_removed else (7, 70_000))
