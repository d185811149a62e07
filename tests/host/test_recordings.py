"""What is recorded, of whom, how it lies on the disk, and when it goes."""

from __future__ import annotations

import asyncio
import io
import json
import os
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.shared.venue import Venue

from pressel.audio.codecs import equip, host_codecs
from pressel.errors import PresselError, UsageError
from pressel.node.desk import recordings as desk
from pressel.node.desk.asker import Asker
from pressel.node.desk.desk import Desk as Asked
from pressel.node.desk.recordings import Recordings
from pressel.node.recoder import Recoder
from pressel.node.recording_copy import RecordingCopy
from pressel.recordings import fetch, frames, rules, shelf
from pressel.recordings.burst_mark import Mark, mark_of
from pressel.recordings.recorder import PIECE_FRAMES, Piece, Recorder
from pressel.recordings.rules import Rules
from pressel.recordings.seal import KEY_FILE
from pressel.recordings.shelf import FILE, Recorded, Shelf
from pressel.registry.store import Registry
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.leader.settings_in_force import Settings
from ptt.leader.watch import Unwatched
from ptt.wire import messages

HOUR_MS = 3_600_000


class Taken:
    """A venue in virtual time whose talk is recorded."""

    def __init__(self, is_wanted: Callable[[int], bool] = lambda group: True, badges: int = 2):
        self.venue = Venue(badges=badges, is_coded=True)
        self.pieces: list[Piece] = []
        self.recorder = Recorder(
            lambda: self.venue.leader, is_wanted, self.pieces.append,
            lambda: self.venue.now_ms / 1000,
        )  # fmt: skip
        self.follow()
        self.venue.run(1000)

    def follow(self) -> None:
        self.recorder.follow(self.venue.leader)
        self.venue.leader.groups.watch = self.recorder

    def talk(self, name: str, ms: int) -> None:
        self.venue.press(name)
        self.venue.run(ms)
        self.venue.release(name)
        self.venue.run(1000)

    def heard(self, piece: Piece) -> list[tuple[int, int]]:
        """As (lease, number) of the frames that were spoken."""
        pcm = frames.sound([piece.content()])
        each = 2 * FRAME_SAMPLES
        found = (pcm[at : at + each] for at in range(0, len(pcm), each))
        return [self.venue.prints.get(frame, (0, 0)) for frame in found]


def test_what_is_kept_is_what_was_said() -> None:
    taken = Taken()
    taken.talk("A", 700)
    (piece,) = taken.pieces
    told = piece.recorded
    assert (told.talker, told.group, told.mark.term) == ("A0", 1, 1)
    assert told.frames == told.lasted_ms // 20 >= 30
    assert taken.heard(piece) == [(told.mark.burst, number) for number in range(told.frames)]


@pytest.mark.parametrize("number", [messages.CODEC_G722, messages.CODEC_OPUS])
def test_a_burst_in_another_codec_is_kept_in_it(number: int) -> None:
    if not host_codecs():
        pytest.skip("PyAV is not installed")
    taken = Taken()
    venue = taken.venue
    venue.leader.groups.coding.recoder = Recoder(venue.leader.keys.current)
    for badge in venue.badges:
        equip(badge.engine)
        badge.engine.join.on_unknown_session(venue.now_ms)  # HELLO says anew what it has
    venue.run(2000)
    venue.leader.publish(Settings(2, codec=number), venue.now_ms)
    taken.talk("A", 700)
    (piece,) = taken.pieces
    content = piece.content()
    assert frames.count(content) == piece.recorded.frames >= 30
    assert {content[at + 4] for at in range(0, len(content), frames.EACH_BYTES)} == {128 | number}
    pcm = np.frombuffer(frames.sound([content]), np.int16).astype(float)
    assert len(pcm) == piece.recorded.frames * FRAME_SAMPLES
    heard = np.abs(pcm).mean()
    assert 300 < heard < 6000  # the venue's badges say noise


def test_a_group_that_is_not_recorded_leaves_nothing() -> None:
    taken = Taken(lambda group: group != 1)
    taken.talk("A", 300)
    assert not taken.pieces


def test_a_private_call_is_nobody_elses() -> None:
    taken = Taken(badges=3)
    taken.venue.badge("A").engine.call(taken.venue.badge("B").engine.join.node, taken.venue.now_ms)
    taken.venue.run(600)
    taken.venue.release("A")
    taken.venue.run(1000)
    assert taken.venue.badge("B").played and not taken.pieces


def test_keys_that_change_in_a_burst_lose_no_word() -> None:
    taken = Taken()
    taken.venue.press("A")
    taken.venue.run(300)
    taken.venue.leader.keys.change(taken.venue.now_ms)
    taken.venue.run(2500)
    taken.venue.release("A")
    taken.venue.run(1000)
    (piece,) = taken.pieces
    assert len({epoch for epoch, *_ in piece.packets}) == 2
    assert taken.heard(piece) == [
        (piece.recorded.mark.burst, n) for n in range(piece.recorded.frames)
    ]


def test_a_burst_right_after_a_change_of_keys_is_recorded() -> None:
    taken = Taken()
    taken.recorder.look()
    taken.venue.leader.keys.change(taken.venue.now_ms)
    taken.talk("A", 2500)
    (piece,) = taken.pieces
    lease = piece.recorded.mark.burst
    assert taken.heard(piece)[:50] == [(lease, number) for number in range(50)]


def test_a_long_burst_comes_in_pieces_and_one_without_an_end_ends() -> None:
    taken = Taken()
    taken.venue.press("A")
    taken.venue.run(11_000)
    assert [each.number for each in taken.pieces] == [0]
    taken.venue.leader.groups.watch = Unwatched()  # nobody tells the recorder that it ends
    taken.venue.release("A")
    taken.venue.run(7000)
    taken.recorder.look()
    assert [each.number for each in taken.pieces] == [0, 1]
    assert len(taken.pieces[0].packets[0][3]) % ADPCM_FRAME_BYTES == 0
    assert frames.count(taken.pieces[0].content()) == PIECE_FRAMES


def test_a_new_leader_ends_what_the_former_one_left_open() -> None:
    taken = Taken()
    taken.venue.press("A")
    taken.venue.run(500)
    taken.venue.restart_leader(2)
    taken.follow()
    assert len(taken.pieces) == 1


# --- on the disk ---


def recorded(burst: int = 7, *, group: int = 1, at_ms: int = 1000, held: bool = False) -> Recorded:
    return Recorded(Mark(3, burst), group, "Zaphod", "02" * 8, at_ms, 20, 1, held)


def found(kept: Shelf, burst: int = 7) -> Recorded:
    told = kept.find(Mark(3, burst))
    assert told is not None
    return told


CONTENT = b"\0\0" + b"secret words" * 13 + b"1234567"[:7] + b"\0"


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


# --- at the desk ---


class Desk:
    """Recordings of a host with a registry, without its event loop's other rooms."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.now_s = 1_800_000_000.0
        self.leapt_s = 0.0  # of `now_s`, what no steady clock has counted
        self.kept: tuple[int, dict[int, int]] | None = (60, {})
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.leader = Venue(badges=0).leader
        Registry(state).close()
        self.room = Recordings(
            state, lambda: self.leader, lambda: self.kept, self.in_thread, self.registry,
            lambda event, fields: self.told.append((event, fields)), lambda: self.now_s,
            lambda: self.now_s - self.leapt_s,
        )  # fmt: skip
        self.verbs = {each.name: each for each in self.room.verbs()}

    async def in_thread(self, call: Callable[..., Any], *values: Any) -> Any:
        return call(*values)

    def registry(self, act: Callable[[Registry], Any]) -> Any:
        with Registry(self.state) as registry:
            return act(registry)

    async def put(self, burst: int, age_s: float = 60, group: int = 1) -> None:
        at_ms = round((self.now_s - age_s) * 1000)
        await self.room.take_in(recorded(burst, group=group, at_ms=at_ms), 0, CONTENT)

    async def ask(self, verb: str, **fields: Any) -> Any:
        return await self.verbs[verb].answer({"who": "boss", **fields})

    def log(self) -> list[tuple[str, str | None, str | None]]:
        with Registry(self.state) as registry:
            told = registry.about_venue()
        return [(t.entry.verb, t.texts.get("what"), t.texts.get("who")) for t in told]


def at_desk(tmp_path: Path, scenario: Callable[[Desk], Any]) -> Desk:
    made = Desk(tmp_path)

    async def run() -> None:
        try:
            await scenario(made)
        finally:
            await made.room.close()

    asyncio.run(run())
    return made


def test_who_exports_deletes_or_holds_stands_in_the_log(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        for burst in (1, 2, 3):
            await host.put(burst, age_s=3000)
        ticket = (await host.ask("recordings open", id="3-1", purpose="export"))["ticket"]
        assert (await host.ask("recordings piece", ticket=ticket, piece=0))["frames"]
        assert (await host.ask("recordings piece", ticket=ticket, piece=1))["frames"] is None
        with pytest.raises(PresselError, match="open the recording again"):
            await host.ask("recordings piece", ticket="guessed", piece=0)
        with pytest.raises(PresselError, match="more than 15 minutes old"):
            await host.ask("recordings replay", id="3-1", piece=0)
        await host.ask("recordings hold", id="3-2", why="an accident")
        with pytest.raises(PresselError, match="3-2 is held"):
            await host.ask("recordings delete", ids=["3-1", "3-2"])
        await host.ask("recordings delete", ids=["3-1"])
        left = (await host.ask("recordings list"))["recordings"]
        assert [(each["mark"], each["held"]) for each in left] == [("3-2", True), ("3-3", False)]
        host.now_s += 7200
        for number in (0, desk.EXPIRE_EVERY):
            await host.room.look(number)
        left = (await host.ask("recordings list"))["recordings"]
        assert [each["mark"] for each in left] == ["3-2"]
        await host.ask("recordings release", id="3-2")

    host = at_desk(tmp_path, scenario)
    verbs = [(verb, (what or "")[:3], who) for verb, what, who in host.log()]
    assert verbs == [
        ("recordings export", "3-1", "boss"), ("recordings hold", "3-2", "boss"),
        ("recordings delete", "3-1", "boss"), ("recordings expire", "1 t", None),
        ("recordings release", "3-2", "boss"),
    ]  # fmt: skip
    assert f"device {'02' * 8} in group 1" in (host.log()[0][1] or "")
    assert not any("Zaphod" in str(line) for line in host.log())  # who is erased is in no log


def test_the_last_minutes_are_heard_again_without_a_word_in_the_log(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        await host.put(1)
        assert (await host.ask("recordings replay", id="3-1", piece=0))["frames"]

    assert at_desk(tmp_path, scenario).log() == []


def test_while_nobody_knows_the_setting_nothing_is_recorded_and_nothing_goes(
    tmp_path: Path,
) -> None:
    """The file of the settings is damaged: the defaults apply, and are nobody's wish."""

    async def scenario(host: Desk) -> None:
        await host.put(1, age_s=36_000)
        host.kept = None
        await host.room.look(0)
        assert not host.room._is_wanted(1)
        assert len((await host.ask("recordings list"))["recordings"]) == 1
        host.kept = (0, {2: 5})
        assert [host.room._is_wanted(group) for group in (1, 2)] == [False, True]
        await host.room.look(0)
        assert (await host.ask("recordings list"))["recordings"] == []

    at_desk(tmp_path, scenario)


def test_what_another_host_has_written_is_obeyed_and_an_unchanged_log_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    real = rules.rules_of
    monkeypatch.setattr(rules, "rules_of", lambda told: read.append(1) or real(told))

    async def scenario(host: Desk) -> None:
        await host.put(1)
        await host.put(2)
        for number in range(3):
            await host.room.look(number * desk.RULES_EVERY)
        assert len(read) == 1
        with Registry(tmp_path) as registry:
            registry.record(rules.DELETE, "", rules.facts_of(Mark(3, 1)))
        await host.room.look(desk.RULES_EVERY)
        left = (await host.ask("recordings list"))["recordings"]
        assert [each["mark"] for each in left] == ["3-2"] and len(read) == 2

    at_desk(tmp_path, scenario)


def test_nothing_is_made_where_nothing_is_recorded(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        host.kept = (0, {})
        for number in range(3):
            await host.room.look(number)
        assert (await host.ask("recordings list"))["recordings"] == []
        with pytest.raises(PresselError, match="has no recording 3-1"):
            await host.ask("recordings open", id="3-1", purpose="play")
        assert await host.ask("recordings delete", ids=["3-1"]) == 0

    at_desk(tmp_path, scenario)
    assert not list(tmp_path.glob("recordings*"))


def test_a_disk_that_refuses_is_told_once_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "FREE_BYTES_MIN", 1 << 60)
    taken = Taken()
    taken.talk("A", 300)
    taken.talk("A", 300)

    async def scenario(host: Desk) -> None:
        for piece in taken.pieces:
            host.room._keep(piece)

    host = at_desk(tmp_path, scenario)
    assert [event for event, _ in host.told] == ["recordings_off"]


def test_what_was_taken_down_is_played_from_the_disk(tmp_path: Path) -> None:
    """As a WAV, frame by frame what the talker said."""
    taken = Taken()
    taken.talk("A", 600)
    (piece,) = taken.pieces

    async def scenario(host: Desk) -> None:
        host.now_s = piece.recorded.at_ms / 1000 + 10
        host.room._keep(piece)
        await asyncio.gather(*host.room._waiting)
        loop = asyncio.get_running_loop()

        def ask(verb: str, **fields: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(host.ask(verb, **fields), loop).result()

        pcm = await asyncio.to_thread(fetch.replayed, ask, str(piece.recorded.mark))
        assert pcm == frames.sound([piece.content()])
        with wave.open(io.BytesIO(fetch.as_wav(pcm))) as file:
            assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
            assert file.readframes(1 << 20) == pcm
        assert fetch.as_opus(pcm)[:4] == b"OggS"
        assert await asyncio.to_thread(lambda: [r["mark"] for r in fetch.listed(ask)]) == [
            str(piece.recorded.mark)
        ]

    at_desk(tmp_path, scenario)


def test_entries_of_another_host_that_mean_nothing_are_passed_over(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        registry.record(rules.DELETE, "", {"burst": 1})
        registry.record(rules.HOLD, "", rules.facts_of(Mark(1, 2)))
        found = rules.rules_of(registry.about_venue())
    assert found == Rules(held={Mark(1, 2): True})


# --- what a hostile reader found ---

DAY_S = 86_400


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


def test_nothing_goes_by_a_clock_that_leapt(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        async def left() -> int:
            await host.room.look(0)
            return len((await host.ask("recordings list"))["recordings"])

        await host.put(1)
        assert await left() == 1
        host.now_s += 3650 * DAY_S
        host.leapt_s = 3650 * DAY_S
        assert [await left(), await left()] == [1, 1]
        host.now_s += desk.LEAP_WAIT_S
        assert await left() == 0

    told = at_desk(tmp_path, scenario).told
    assert len(told) == 1 and "clock was set by +315360000 s" in told[0][1]["advice"]


def test_what_is_of_a_time_to_come_is_not_fresh(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        await host.put(1, age_s=-DAY_S)
        with pytest.raises(PresselError, match="or of a wrong clock"):
            await host.ask("recordings replay", id="3-1", piece=0)

    at_desk(tmp_path, scenario)


def test_what_only_another_host_has_is_held_and_deleted_there(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        await host.put(1)
        assert await host.ask("recordings delete", ids=["3-1", "3-2"]) == 1
        await host.ask("recordings hold", id="3-3", why="a claim")
        with pytest.raises(PresselError, match="3-3 is held"):
            await host.ask("recordings delete", ids=["3-3"])
        await host.put(2)
        await host.put(3)
        left = (await host.ask("recordings list"))["recordings"]
        assert [(each["mark"], each["held"]) for each in left] == [("3-3", True)]
        await host.ask("recordings release", id="3-3")

    verbs = [verb for verb, *_ in at_desk(tmp_path, scenario).log()]
    assert verbs == [rules.DELETE, rules.DELETE, rules.HOLD, rules.RELEASE]


@pytest.mark.parametrize("is_hold_first", [True, False])
def test_of_a_hold_and_a_deletion_at_once_the_first_is_done(
    tmp_path: Path, is_hold_first: bool
) -> None:
    async def scenario(host: Desk) -> None:
        await host.put(1)
        asked = [
            host.ask("recordings hold", id="3-1", why="a claim"),
            host.ask("recordings delete", ids=["3-1"]),
        ]
        done = asked if is_hold_first else asked[::-1]
        answers = await asyncio.gather(*done, return_exceptions=True)
        left = (await host.ask("recordings list"))["recordings"]
        if is_hold_first:
            assert "is held" in str(answers[1]) and [each["held"] for each in left] == [True]
            await host.ask("recordings release", id="3-1")
            host.room._heads = None
            await host.room.look(0)
            assert len((await host.ask("recordings list"))["recordings"]) == 1
        else:
            assert answers == [1, None] and left == []

    at_desk(tmp_path, scenario)


def test_a_hold_while_the_log_is_read_is_not_undone_by_what_was_read(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        await host.put(1)
        await host.ask("recordings hold", id="3-1", why="a claim")
        await host.ask("recordings release", id="3-1")
        is_read = asyncio.Event()

        async def slowly(call: Callable[..., Any], *values: Any) -> Any:
            told = call(*values)
            if isinstance(told, Rules):
                is_read.set()
                await asyncio.sleep(0.05)
            return told

        host.room._in_thread = slowly
        looked = asyncio.create_task(host.room.look(desk.RULES_EVERY))
        await is_read.wait()
        await host.ask("recordings hold", id="3-1", why="another claim")
        await looked
        (row,) = (await host.ask("recordings list"))["recordings"]
        assert row["held"]

    at_desk(tmp_path, scenario)


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


def test_numbers_that_no_database_takes_are_refused(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        await host.put(1)
        with pytest.raises(ValueError, match="is no number"):
            await host.ask("recordings list", after=[1 << 70, 0, 0])
        with pytest.raises(ValueError, match="is no number"):
            await host.ask("recordings replay", id="3-1", piece=1 << 70)

    at_desk(tmp_path, scenario)


class Pair:
    """A host that leads, and one that copies from it over both desks."""

    def __init__(self, folder: Path) -> None:
        for name in "ab":
            (folder / name).mkdir()
        self.leader, self.standby = Desk(folder / "a"), Desk(folder / "b")
        self.cuts: list[int] = []  # which request to copy is not answered
        self.asked = 0
        self.desk = self._desk(self.leader, b"a" * 8)
        self.other = self._desk(self.standby, b"b" * 8)
        self.copy = RecordingCopy(self.standby.room, lambda: True)

    def _desk(self, host: Desk, own: bytes) -> Asked:
        return Asked(
            host.room.verbs(), own, lambda: b"a" * 8, self._ask, lambda name: name.decode()[:1],
            lambda event, fields: None,
        )  # fmt: skip

    async def _ask(self, host: bytes, body: bytes) -> bytes | None:
        if json.loads(body)["ask"] == "recordings copy":
            self.asked += 1
            if self.asked in self.cuts:
                return None
        return await self.desk.answer_host(body, b"b" * 8)

    async def follow(self) -> list[tuple[str, int]]:
        await self.copy.follow(self.other)
        return [
            (row["mark"], row["frames"])
            for row in (await self.standby.ask("recordings list"))["recordings"]
        ]


def copied(tmp_path: Path, scenario: Callable[[Pair], Any]) -> Pair:
    pair = Pair(tmp_path)

    async def run() -> None:
        try:
            await scenario(pair)
        finally:
            for host in (pair.leader, pair.standby):
                await host.room.close()
            pair.desk.close()
            pair.other.close()

    asyncio.run(run())
    return pair


def test_what_was_interrupted_is_copied_the_next_time(tmp_path: Path) -> None:
    async def scenario(pair: Pair) -> None:
        at_ms = round((pair.leader.now_s - 2 * 3600) * 1000)
        for number in range(3):
            await pair.leader.room.take_in(recorded(1, at_ms=at_ms), number, CONTENT)
        pair.cuts = [2]
        assert await pair.follow() == [("3-1", 1)]
        assert await pair.follow() == [("3-1", 3)]

    copied(tmp_path, scenario)


def test_what_cannot_be_opened_keeps_nothing_else_from_being_copied(tmp_path: Path) -> None:
    async def scenario(pair: Pair) -> None:
        for burst in (1, 2, 3):
            await pair.leader.put(burst)
        shelf = pair.leader.room._shelf
        assert shelf is not None

        def damage() -> None:
            shelf._db.execute("UPDATE recording SET head = zeroblob(60) WHERE burst = 1")
            shelf._db.execute("UPDATE piece SET sealed = zeroblob(194) WHERE burst = 2")

        await pair.leader.room._run(damage)
        for _ in range(2):
            assert await pair.follow() == [("3-3", 1)]

    told = copied(tmp_path, scenario).standby.told
    assert len(told) == 1 and "recording 3-2 is not copied" in told[0][1]["advice"]


def test_no_user_copies_what_only_the_log_lets_be_heard(tmp_path: Path) -> None:
    async def scenario(pair: Pair) -> None:
        await pair.leader.put(1, age_s=3600)
        for desk_ in (pair.desk, pair.other):
            for who in (Asker("standby", 0), Asker("op", 1000)):
                asked = {"ask": "recordings copy", "id": "3-1", "piece": 0}
                assert "only other hosts" in (await desk_.answer(asked, who))["error"]
        asked = {"ask": "recordings copy", "id": "3-1", "piece": 0}
        assert "only other hosts" in (await pair.desk.answer(asked, Asker("x")))["error"]
        assert await pair.follow() == [("3-1", 1)]

    copied(tmp_path, scenario)
