"""The settings at a host that leads: changed by one operator after the other, refused, and told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.host.settings_stage import DEFAULTS, DELAY, TALK, Stage

from pressel.errors import PresselError, UsageError
from pressel.node.kept_settings import load_kept
from pressel.registry import proved
from pressel.registry.store import Registry
from ptt.base import features
from ptt.leader.members import DIFFERENT_TABLE, NEWER_TABLE, OLDER_TABLE
from ptt.leader.settings_in_force import Settings


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


def test_what_a_host_that_was_ousted_refused_does_not_come_into_force_later(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(TALK, 70_000, 1)
    stage.is_ousted = True
    with pytest.raises(UsageError, match="another term"):
        stage.set(TALK, 90_000, 2)
    assert stage.settings.kept.values()[:3] == (2, 60, 70_000)
    assert load_kept(tmp_path).values()[:3] == (2, 60, 70_000)
    assert [each["version"] for each in stage.history()] == [2]


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
    answer = asyncio.run(stage.settings.status({}))
    assert [(each["name"], each["version"], each["state"]) for each in answer["members"]] == [
        ("A", 2, "applied"), ("B", 2, "refused"), ("C", 1, "waiting"), ("D", 0, "waiting")
    ]  # fmt: skip
    assert (answer["badges"], answer["applied"], answer["refused"]) == (4, 1, 1)
    assert [each["why"].partition(";")[0] for each in answer["members"]] == [
        "", "its build cannot do one of the values", "", ""
    ]  # fmt: skip
    can_change = leader.members.all()[1]
    can_change.features = features.NETWORKS | features.SECRET_TEXTS
    assert "build" in asyncio.run(stage.settings.status({}))["members"][1]["why"]
    for table_is in (OLDER_TABLE, DIFFERENT_TABLE, NEWER_TABLE):  # of HELLO: one that knows less?
        for member in leader.members.all():
            member.table_is = table_is
        told = asyncio.run(stage.settings.status({}))["members"]
        assert [each["state"] for each in told] == ["applied", "refused", "waiting", "waiting"]
        is_doubted = "knows other settings than this host" in told[0]["why"]
        assert is_doubted == (table_is != NEWER_TABLE) and "other settings" not in told[1]["why"]
    can_change.settings.failed = 7
    leader.settings.settings.network = 7
    assert "found no leader" in asyncio.run(stage.settings.status({}))["members"][1]["why"]


def test_a_host_that_does_not_lead_has_no_status(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        asyncio.run(Stage(tmp_path, Settings(3)).settings.status({}))
