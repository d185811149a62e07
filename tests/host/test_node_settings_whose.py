"""Settings that only a group, a board or a badge has."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.host.settings_stage import DEFAULTS, DELAY, TALK, Stage

from pressel.errors import UsageError
from pressel.node.kept_settings import store_kept
from pressel.registry.store import Registry
from ptt.leader.settings_in_force import Settings


def test_what_nobody_knows_has_no_value_of_its_own(tmp_path: Path) -> None:
    """Whichever way it was asked for; what is there already may stay, and go."""
    stage = Stage(tmp_path)
    with Registry(tmp_path) as registry:
        registry.enrol("00000000000000a1", "Ann")
    for whose, why in (
        (
            "00000000000000a2",
            "no device 00000000000000a2 is known, so it has no value of audio.gain",
        ),
        (
            "esp32-devkti",
            "no board is called 'esp32-devkti', so it has no audio.gain; did you mean",
        ),
    ):
        with pytest.raises(UsageError, match=why):
            stage.set(f"audio.gain@{whose}", 0, 1)
    stage.set_all({"audio.gain@00000000000000a1": 0, "audio.gain@esp32-devkit": 0}, 1)
    assert stage.leader is not None
    stray = {**stage.leader.settings.settings.own, "gone": {14: 0}, bytes(8): {14: 0}}
    stage.leader.publish(Settings(3, own=stray), 0)
    stage.set(DELAY, 70, 3)
    stage.set_all({"audio.gain@gone": None, f"audio.gain@{16 * '0'}": None}, 4)
    assert stage.settings.show({})["version"] == 5


def test_who_leads_tells_the_engine_which_board_each_badge_is(tmp_path: Path) -> None:
    """At once when it is asked to write it down, and when it begins to lead."""
    stage = Stage(tmp_path)
    with Registry(tmp_path) as registry:
        registry.enrol("00000000000000a1", "Ann")
    fields = {"id": "00000000000000a1", "board": "esp32c3-devkit", "who": "ann"}
    asyncio.run(stage.settings.set_board(fields))
    device = bytes.fromhex("00000000000000a1")
    assert stage.leader is not None
    assert stage.leader.settings.boards == {device: "esp32c3-devkit"}
    again = Stage(tmp_path)
    again.keep()
    assert again.leader is not None
    assert again.leader.settings.boards == {device: "esp32c3-devkit"}


IN_3 = "floor.talk_ms@3"


def test_a_group_has_its_own_until_that_is_taken_away(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set_all({IN_3: 5000, f"{DELAY}@3": 80}, 1)
    answer = stage.set(TALK, 90_000, 2)
    assert answer["values"] == {**DEFAULTS, TALK: 90_000, IN_3: 5000, f"{DELAY}@3": 80}
    assert stage.leader is not None
    stage.leader.groups.open(3)
    assert [stage.leader.floors[group].talk_ms for group in (1, 3)] == [90_000, 5000]
    assert Stage(tmp_path).settings.show({})["values"] == answer["values"]
    answer = stage.set(IN_3, None, 3)
    assert answer["values"] == {**DEFAULTS, TALK: 90_000, f"{DELAY}@3": 80}
    assert [stage.leader.floors[group].talk_ms for group in (1, 3)] == [90_000, 90_000]
    assert Stage(tmp_path).settings.show({})["values"] == answer["values"]


def test_the_history_tells_what_a_group_had(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(IN_3, 5000, 1)
    stage.set(IN_3, None, 2)
    first, second = stage.history()
    assert (first["was"], first["now"]) == ({IN_3: None}, {**DEFAULTS, IN_3: 5000})
    assert (second["was"], second["now"]) == ({IN_3: 5000}, DEFAULTS)
    with Registry(tmp_path) as registry:
        what = [each.texts["what"] for each in registry.about_venue()]
    assert what == [
        "floor.talk_ms in group 3 5000 ms (was as the venue)",
        "floor.talk_ms in group 3 as the venue (was 5000 ms)",
    ]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"relay.packet_frames@3": 1}, "knows no setting"),
        ({"floor.talk_ms@128": 5000}, "knows no setting"),
        ({"floor.talk_ms@03": 5000}, "knows no setting"),
        ({IN_3: 999}, "floor.talk_ms in group 3 cannot be 999 ms"),
        ({TALK: None}, "only what a group, board or badge has of its own can go"),
        ({f"{TALK}@{group}": 5000 for group in range(1, 18)}, "at most 16 groups"),
    ],
)
def test_what_no_group_can_have_is_refused(tmp_path: Path, values: Any, why: str) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(UsageError, match=why):
        stage.set_all(values, 1)
    assert stage.settings.show({})["version"] == 1


def test_sixteen_groups_have_theirs_and_the_seventeenth_none(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set_all({f"{TALK}@{group}": 5000 for group in range(1, 17)}, 1)
    with pytest.raises(UsageError, match="at most 16 groups"):
        stage.set(f"{TALK}@17", 5000, 2)


def test_a_change_says_beforehand_whom_it_touches(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.set(f"{DELAY}@3", 80, 1)
    assert stage.leader is not None
    for number, groups in enumerate([(1,), (1, 3), (3,), (4,)], 1):
        member = stage.leader.members.add(bytes([number]) * 8, number)
        assert member is not None
        member.name, member.groups = b"badge %d" % number, groups

    def touched(values: Any) -> dict[str, list[str]]:
        return asyncio.run(stage.settings.touched({"values": values}))

    assert touched({f"{DELAY}@3": 200}) == {DELAY: ["badge 2", "badge 3"]}
    assert touched({f"{DELAY}@3": 20}) == {DELAY: ["badge 2", "badge 3"]}
    assert touched({DELAY: 70}) == {DELAY: ["badge 1", "badge 4"]}
    assert touched({"floor.preemption@3": 0}) == {"floor.preemption": ["badge 2", "badge 3"]}
    assert len(touched({"relay.packet_frames": 1})["relay.packet_frames"]) == 4
    assert touched({DELAY: 60}) == {}
    assert touched({f"{DELAY}@9": 60}) == {DELAY: []}
    with pytest.raises(UsageError, match="no board is called 'esp32-devkti'"):
        touched({"audio.gain@esp32-devkti": 0})  # as the change itself would be refused


def test_what_groups_have_is_taken_over_from_the_log(tmp_path: Path) -> None:
    """Who led before may have told other hosts only."""
    stage = Stage(tmp_path)
    stage.set(IN_3, 5000, 1)
    store_kept(tmp_path, Settings(1))
    again = Stage(tmp_path)
    again.keep()
    assert again.settings.show({})["values"] == {**DEFAULTS, IN_3: 5000}
