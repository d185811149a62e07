"""Recordings on the disk: sealed, kept as long as told, held, and deleted for good."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.host.recording_stage import CONTENT, DAY_S, HOUR_MS, Desk, at_desk, found, recorded

from pressel.errors import PresselError, UsageError
from pressel.recordings import frames, rules, shelf
from pressel.recordings.burst_mark import Mark, mark_of
from pressel.recordings.rules import Rules
from pressel.recordings.seal import KEY_FILE
from pressel.recordings.shelf import FILE, Shelf
from pressel.registry.store import Registry
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES


@pytest.fixture
def kept(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_nobody_reads_it_on_the_disk(tmp_path: Path, kept: Shelf) -> None:
    kept.put(recorded(), 0, CONTENT)
    kept.close()
    on_disk = (tmp_path / FILE).read_bytes()
    assert b"secret" not in on_disk and b"Zaphod" not in on_disk
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    again = Shelf(tmp_path)
    assert found(again).talker == "Zaphod"
    assert again.piece(Mark(3, 7), 0) == CONTENT
    assert again.piece(Mark(3, 7), 1) is None


def test_what_was_changed_or_moved_does_not_open(tmp_path: Path, kept: Shelf) -> None:
    kept.put(recorded(7), 0, CONTENT)
    kept.put(recorded(8), 0, CONTENT)
    kept._db.execute(
        "UPDATE piece SET sealed = (SELECT sealed FROM piece WHERE burst = 7) WHERE burst = 8"
    )
    assert kept.piece(Mark(3, 7), 0) == CONTENT
    with pytest.raises(PresselError, match="was changed on disk"):
        kept.piece(Mark(3, 8), 0)


def test_what_is_deleted_is_in_the_file_no_more(tmp_path: Path, kept: Shelf) -> None:
    kept.put(recorded(), 0, CONTENT)
    (sealed,) = kept._db.execute("SELECT sealed FROM piece").fetchone()
    assert sealed in (tmp_path / FILE).read_bytes()
    kept.obey(Rules(deleted={Mark(3, 7)}))
    left = b"".join(each.read_bytes() for each in tmp_path.glob(FILE + "*"))
    assert sealed not in left and sealed[20:60] not in left
    kept.put(recorded(), 0, CONTENT)  # a copy that comes late
    assert kept.find(Mark(3, 7)) is None
    assert not kept.lacks(recorded())


@pytest.mark.parametrize(
    ("rule", "venue", "left"),
    [
        ({}, 60, [2, 3]),
        ({2: 30}, 60, [2]),
        ({2: 90}, 0, [3]),
        ({1: 0}, 60, [3]),
        ({1: 600}, 60, [1, 2, 3]),
    ],
)
def test_each_group_is_kept_for_its_own_time(
    kept: Shelf, rule: dict[int, int], venue: int, left: list[int]
) -> None:
    """Burst 1 is two hours old, 2 and 3 three quarters; 3 is of group 2."""
    for burst, group, at_ms in ((1, 1, 0), (2, 1, 5 * HOUR_MS // 4), (3, 2, 5 * HOUR_MS // 4)):
        kept.put(recorded(burst, group=group, at_ms=at_ms), 0, CONTENT)
    assert kept.expire(venue, rule, 2 * HOUR_MS) == 3 - len(left)
    assert [each.mark.burst for each in kept.page((-1, -1, -1))] == left


def test_what_is_held_stays_until_it_is_released(kept: Shelf) -> None:
    kept.put(recorded(), 0, CONTENT)
    kept.obey(Rules(held={Mark(3, 7): True}))
    kept.obey(Rules(deleted={Mark(3, 7)}))
    assert kept.expire(0, {}, HOUR_MS) == 0
    assert found(kept).held
    kept.obey(Rules(held={Mark(3, 7): False}))
    assert kept.expire(0, {}, HOUR_MS) == 1


def test_room_is_made_of_the_oldest(kept: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for burst in range(1, 40):
        kept.put(recorded(burst, at_ms=burst, held=burst == 1), 0, os.urandom(9000))
    monkeypatch.setattr(shelf, "BYTES_MAX", 200_000)
    monkeypatch.setattr(shelf, "ROOM_AT_ONCE", 5)
    kept.put(recorded(40, at_ms=40), 0, CONTENT)
    assert [each.mark.burst for each in kept.page((-1, -1, -1))] == [1, *range(7, 41)]
    monkeypatch.setattr(shelf, "BYTES_MAX", 1)
    monkeypatch.setattr(shelf, "ROOM_AT_ONCE", 100)
    kept.put(recorded(41, at_ms=41), 0, CONTENT)
    kept.obey(Rules(held={Mark(3, 41): True}))
    with pytest.raises(PresselError, match="that are held take all the room"):
        kept.put(recorded(42), 0, CONTENT)


def test_a_disk_that_is_nearly_full_takes_none(
    kept: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "FREE_BYTES_MIN", 1 << 60)
    with pytest.raises(PresselError, match="nearly full, so nothing is recorded"):
        kept.put(recorded(), 0, CONTENT)


def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"rubbish" * 1000)
    with pytest.raises(PresselError, match="cannot be used"):
        Shelf(tmp_path)


@pytest.mark.parametrize("word", ["", "7", "3-", "3-7-1", "x-1", f"{1 << 30}-1", None])
def test_what_names_no_recording_is_told_so(word: object) -> None:
    with pytest.raises(UsageError, match="names no recording"):
        mark_of(word)


def test_a_gap_is_silence_and_a_repeated_packet_brings_nothing() -> None:
    frame = bytes(ADPCM_FRAME_BYTES)
    content = b"\0\2" + frame + b"\0\0" + frame + b"\0\2" + bytes([1]) * ADPCM_FRAME_BYTES
    assert frames.in_order(content) == b"\0\0" + frame + b"\0\2" + frame
    assert len(frames.sound([content])) == 3 * 2 * FRAME_SAMPLES


def test_a_copy_that_stopped_halfway_is_not_whole(kept: Shelf) -> None:
    kept.put(replace(recorded(), frames=3), 0, CONTENT)
    assert kept.lacks(replace(recorded(), frames=3))
    for number in (1, 2):
        kept.put(replace(recorded(), frames=3), number, CONTENT)
    assert not kept.lacks(replace(recorded(), frames=3))
    assert found(kept).frames == 3


def rules_by(tmp_path: Path, *told: tuple[float, str]) -> Rules:
    """What the log says of burst 7 when `told` was written, by time and verb."""
    clock = [0.0]
    with Registry(tmp_path, lambda: clock[0]) as registry:
        for clock[0], verb in told:
            registry.record(verb, "", rules.facts_of(Mark(3, 7)))
        return rules.rules_of(registry.about_venue())


def test_a_hold_stands_although_the_clock_stepped_back(tmp_path: Path) -> None:
    found = rules_by(tmp_path, (1000, rules.HOLD), (1010, rules.RELEASE), (1005, rules.HOLD))
    assert found == Rules(held={Mark(3, 7): True})


@pytest.mark.parametrize(
    "verbs", [(rules.HOLD, rules.DELETE, rules.RELEASE), (rules.DELETE, rules.HOLD, rules.RELEASE)]
)
def test_a_deletion_that_a_hold_met_is_void(tmp_path: Path, verbs: tuple[str, ...]) -> None:
    assert rules_by(tmp_path, *((1000, verb) for verb in verbs)).deleted == set()


def test_a_hold_that_comes_before_the_copy_holds_it(kept: Shelf) -> None:
    kept.obey(Rules(held={Mark(3, 7): True}))
    kept.put(recorded(), 0, CONTENT)
    assert found(kept).held and kept.expire(0, {}, HOUR_MS) == 0


def test_what_another_host_holds_is_held_until_the_log_says_otherwise(kept: Shelf) -> None:
    kept.put(recorded(), 0, CONTENT)
    kept.hold_as_told([Mark(3, 7), Mark(3, 8)])
    kept.put(recorded(8), 0, CONTENT)
    assert found(kept).held and found(kept, 8).held
    kept.obey(Rules(held={Mark(3, 7): False}))
    kept.hold_as_told([Mark(3, 7)])  # by a page that was asked for before
    assert not found(kept).held


def test_zero_ends_also_what_a_wrong_clock_dated(kept: Shelf) -> None:
    kept.put(recorded(at_ms=DAY_S * 1000), 0, CONTENT)
    assert kept.expire(0, {}, 0, is_sure=False) == 1


def test_what_is_of_a_time_to_come_grows_old_as_the_host_runs(kept: Shelf) -> None:
    kept.put(recorded(at_ms=10_000 * HOUR_MS), 0, CONTENT)
    assert [kept.expire(60, {}, HOUR_MS, HOUR_MS // 3) for _ in range(3)] == [0, 0, 1]


def test_a_damaged_row_is_listed_as_such_and_goes_like_the_others(kept: Shelf) -> None:
    for burst in (1, 2, 3):
        kept.put(recorded(burst), 0, CONTENT)
    kept._db.execute("UPDATE recording SET head = zeroblob(60) WHERE burst = 2")
    told = [(each.talker, each.is_damaged) for each in kept.page((-1, -1, -1))]
    assert told == [("Zaphod", False), ("", True), ("Zaphod", False)]
    assert kept.obey(Rules(deleted={Mark(3, 2)})) == 1 and kept.expire(0, {}, 0) == 2


def test_a_lost_key_is_told_and_not_made_anew(tmp_path: Path) -> None:
    async def before(host: Desk) -> None:
        await host.put(1)

    at_desk(tmp_path, before)
    (tmp_path / KEY_FILE).unlink()

    async def scenario(host: Desk) -> None:
        (row,) = (await host.ask("recordings list"))["recordings"]
        assert row["is_damaged"]
        for _ in range(2):
            await host.room.look(1)
        with pytest.raises(PresselError, match="there is no recordings key"):
            await host.put(2)
        assert await host.ask("recordings delete", ids=["3-1"]) == 1

    told = at_desk(tmp_path, scenario).told
    assert len(told) == 1 and "there is no recordings key" in told[0][1]["advice"]
    assert not (tmp_path / KEY_FILE).exists()
