"""The settings at a host: changed by one operator after the other, kept on disk, followed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tests.shared.keys import Directory

from pressel.errors import PresselError, UsageError
from pressel.node.desk.venue_settings import VenueSettings
from pressel.node.kept_settings import load_kept, store_kept
from pressel.registry import proved
from pressel.registry.store import Registry
from pressel.schema.settings import load_settings, parse_value, settings
from pressel.schema.settings import settings as all_settings
from ptt.cluster import records, settings_record
from ptt.cluster.replica import State
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

TALK, DELAY = "floor.talk_ms", "audio.playout_delay_ms"
DEFAULTS = {name: row.default for name, row in settings().items()}


class Stage:
    """A host that leads, or with `replica` stands by."""

    def __init__(self, folder: Path, replica: Settings | None = None) -> None:
        self.folder = folder
        Registry(folder).close()
        self.told: list[str] = []
        self.disk_is_full = False
        self.state: State | None = None
        self.leader: Leader | None = None
        self.settings = VenueSettings(
            folder, lambda: self.leader, lambda: self.state, lambda: None, self._in_thread,
            self._with_registry,
            lambda event, fields: self.told.append(f"{event}: {fields['advice']}"),
        )  # fmt: skip
        if replica is None:
            kept = self.settings.kept
            self.leader = Leader(1, 1, Directory(), os.urandom, kept)
        else:
            self.follow(replica)

    def follow(self, replica: Settings) -> None:
        body = records.write_numbers(settings_record.SIZES, replica.values())
        self.state = State(1, 1)
        self.state.records[records.SETTINGS << 16] = (body, 0)

    async def _in_thread(self, call: Any, *values: Any) -> Any:
        await asyncio.sleep(0)
        if self.disk_is_full:
            raise UsageError("the disk is full")
        return call(*values)

    def _with_registry(self, act: Any) -> Any:
        with Registry(self.folder) as registry:
            return act(registry)

    def set(self, name: str, value: Any, base: int, why: str = "") -> dict[str, Any]:
        return self.set_all({name: value}, base, why)

    def set_all(self, values: Any, base: int, why: str = "") -> dict[str, Any]:
        fields = {"values": values, "base": base, "why": why, "who": "ann"}
        return asyncio.run(self.settings.set(fields))

    def history(self) -> list[dict[str, Any]]:
        return self.settings.history({})

    def keep(self) -> None:
        asyncio.run(self.settings.keep(0))


def test_a_change_is_in_force_has_the_next_version_and_is_on_disk(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    answer = stage.set(TALK, 90_000, 1)
    assert (answer["version"], answer["values"]) == (2, {**DEFAULTS, DELAY: 60, TALK: 90_000})
    assert stage.leader is not None and stage.leader.floors[1].talk_ms == 90_000
    assert Stage(tmp_path).settings.show({})["values"][TALK] == 90_000


def test_who_comes_second_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    with pytest.raises(PresselError, match="of version 2, not 1 any more"):
        stage.set(DELAY, 80, 1)
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 60, TALK: 90_000}


def test_of_two_at_once_one_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path)

    async def both() -> list[Any]:
        changes = ({"values": {TALK: 90_000}, "base": 1}, {"values": {DELAY: 80}, "base": 1})
        return await asyncio.gather(*map(stage.settings.set, changes), return_exceptions=True)

    first, second = asyncio.run(both())
    assert first["version"] == 2
    assert isinstance(second, PresselError)
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 60, TALK: 90_000}


def test_the_same_value_again_is_no_change(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.set(TALK, 60_000, 1)["version"] == 1
    assert not (tmp_path / proved.SETTINGS).exists()


def test_several_at_once_are_one_version_or_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(UsageError, match="cannot be 999 ms"):
        stage.set_all({DELAY: 80, TALK: 999}, 1)
    assert stage.settings.show({})["version"] == 1
    answer = stage.set_all({DELAY: 80, TALK: 90_000}, 1)
    assert (answer["version"], answer["values"]) == (2, {**DEFAULTS, DELAY: 80, TALK: 90_000})


def test_the_history_tells_who_changed_what_and_why(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set_all({DELAY: 80, TALK: 90_000}, 1, "for the concert")
    stage.set(DELAY, 60, 2)
    first, second = stage.history()
    assert (first["version"], first["who"], first["why"]) == (2, "ann", "for the concert")
    assert first["was"] == {DELAY: 60, TALK: 60_000}
    assert first["now"] == {**DEFAULTS, DELAY: 80, TALK: 90_000}
    assert (second["version"], second["was"], second["why"]) == (3, {DELAY: 80}, "")
    with Registry(tmp_path) as registry:
        (what, _) = [each.texts["what"] for each in registry.about_venue()]
    assert what == f"{DELAY} 80 ms (was 60 ms), {TALK} 90000 ms (was 60000 ms)"


@pytest.mark.parametrize("now", ["{", "[]", '{"floor.talk_ms": 5}', '{"floor.talk_ms": "5"}'])
def test_what_another_host_wrote_and_means_nothing_is_passed_over(tmp_path: Path, now: str) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 90_000, 1)
    with Registry(tmp_path) as registry:
        registry.record("settings set", "", {"version": 3}, {"now": now, "was": "{}"})
    assert [each["version"] for each in stage.history()] == [2]


@pytest.mark.parametrize("why", ["two\nlines", "x" * 201, "\x1b[2J"])
def test_a_reason_is_a_sentence(tmp_path: Path, why: str) -> None:
    with pytest.raises(UsageError, match="a reason is one line"):
        Stage(tmp_path).set(TALK, 90_000, 1, why)


def test_a_host_of_the_former_version_may_ask(tmp_path: Path) -> None:
    fields = {"setting": TALK, "value": 90_000, "base": 1}
    assert asyncio.run(Stage(tmp_path).settings.set(fields))["version"] == 2


@pytest.mark.parametrize("values", [{}, None, [TALK, 5]])
def test_a_change_names_settings(tmp_path: Path, values: Any) -> None:
    with pytest.raises(UsageError, match="name at least one"):
        Stage(tmp_path).set_all(values, 1)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (TALK, 999, "cannot be 999 ms; it goes from 1000 to 1300000 ms"),
        (TALK, "60000", "knows no setting"),
        (TALK, True, "knows no setting"),
        ("floor.silence_ms", 1, "knows no setting"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, name: str, value: Any, words: str) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(UsageError, match=words):
        stage.set(name, value, 1)
    assert stage.settings.show({})["version"] == 1


def test_what_the_disk_does_not_take_is_not_told_to_badges(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.disk_is_full = True
    with pytest.raises(UsageError, match="disk is full"):
        stage.set(TALK, 90_000, 1)
    assert stage.settings.show({})["version"] == 1


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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"version": 2, "values": {}}', "no proof"),
        ({"version": 0, "values": {}}, "version 0"),
        ({"version": 2}, "damaged"),
        ({"version": 2, "values": {"floor.talk_ms": 5}}, "cannot be 5 ms"),
        ({"version": 2, "values": {"floor.talk_ms": "long"}}, "is no number"),
    ],
)
def test_a_damaged_file_is_told_and_the_defaults_hold(
    tmp_path: Path, content: str | dict[str, Any], words: str
) -> None:
    with Registry(tmp_path):
        pass
    if isinstance(content, dict):
        proved.store(tmp_path, proved.SETTINGS, content)
    else:
        (tmp_path / proved.SETTINGS).write_text(content)
    stage = Stage(tmp_path)
    (told,) = stage.told
    assert told.startswith("settings_file: ") and words in told and str(tmp_path) in told
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 60, TALK: 60_000}


def test_what_a_newer_host_kept_is_passed_over(tmp_path: Path) -> None:
    with Registry(tmp_path):
        store_kept(tmp_path, Settings(3, 80, 5000))
    told = proved.load(tmp_path, proved.SETTINGS)
    told["values"]["relay.shift"] = 9
    proved.store(tmp_path, proved.SETTINGS, told)
    assert load_kept(tmp_path).values()[:3] == (3, 80, 5000)


@pytest.mark.parametrize(
    ("text", "value"),
    [("90000", 90_000), (" 90000 ms ", 90_000), ("90s", 90_000), ("2min", 120_000)],
)
def test_values_may_have_a_unit(text: str, value: int) -> None:
    assert parse_value(TALK, all_settings()[TALK], text) == value


@pytest.mark.parametrize("text", ["", "ninety", "90.5s", "1h", "0x10", "90 s s", "-5", "999"])
def test_what_is_no_value_is_told(text: str) -> None:
    with pytest.raises(UsageError, match=TALK):
        parse_value(TALK, all_settings()[TALK], text)


def test_a_setting_is_found_by_its_name_alone() -> None:
    assert load_settings().find("talk_ms")[0] == TALK
    with pytest.raises(UsageError, match=r"did you mean 'floor\.talk_ms'"):
        load_settings().find("floor.talk")


def test_the_status_tells_of_each_badge_what_it_said(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    leader = stage.leader
    assert leader is not None
    said = ((2, False), (2, True), (1, False), (0, False))
    for session, (version, refused) in enumerate(said, 1):
        member = leader.members.add(bytes([session]) * 8, session)
        assert member is not None
        member.name = b"ABCD"[session - 1 : session]
        member.settings.acknowledged, member.settings.refused = version, refused
    stage.set(DELAY, 80, 1)
    answer = stage.settings.status({})
    assert [(each["name"], each["version"], each["state"]) for each in answer["members"]] == [
        ("A", 2, "applied"), ("B", 2, "refused"), ("C", 1, "waiting"), ("D", 0, "waiting")
    ]  # fmt: skip
    assert (answer["badges"], answer["applied"], answer["refused"]) == (4, 1, 1)


def test_a_host_that_does_not_lead_has_no_status(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Stage(tmp_path, Settings(3)).settings.status({})
