"""What is recorded, of whom, how it lies on the disk, and when it goes."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.host.recording_stage import DAY_S, Desk, Taken, at_desk

from pressel.errors import PresselError
from pressel.node.desk import clock_trust
from pressel.node.desk import recordings as desk
from pressel.recordings import fetch, frames, rules, shelf
from pressel.recordings.burst_mark import Mark
from pressel.recordings.rules import Rules
from pressel.registry.store import Registry


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
        host.now_s += clock_trust.LEAP_WAIT_S
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


def test_numbers_that_no_database_takes_are_refused(tmp_path: Path) -> None:
    async def scenario(host: Desk) -> None:
        await host.put(1)
        with pytest.raises(ValueError, match="is no number"):
            await host.ask("recordings list", after=[1 << 70, 0, 0])
        with pytest.raises(ValueError, match="is no number"):
            await host.ask("recordings replay", id="3-1", piece=1 << 70)

    at_desk(tmp_path, scenario)
