"""What chaos is judged by sees what must never happen. The processes themselves are in
`tests/e2e/test_chaos.py`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.badge import Talker
from tests.chaos.clocks import Clocks, told_at
from tests.chaos.judge import (
    FAILOVER_P99_MS,
    Silence,
    Verdict,
    World,
    look_at_failover,
    look_at_logs,
)
from tests.patience import PATIENCE_S

from pressel.sim.world import record
from pressel.sim.world.people import marker
from ptt.base import events

_S = 1_000_000
_HOST, _OTHER = 0, 5
_TALKER, _LISTENER, _NEXT = 1, 2, 3


def at(second: float, kind: int, node: int, a: int, b: int = 0, detail: Any = None) -> Any:
    return (int(second * _S), kind, node, a, b, detail)


def burst(until_s: float, heard_from_s: float) -> list[Any]:
    """One talks for so long; what is said from `heard_from_s` on is heard, a little later. The
    host that leads dies after a second."""
    kept = [at(0, record.EVENT, node, events.JOINED) for node in (_TALKER, _LISTENER)]
    kept += [at(0, record.LEADS, _HOST, 1, 7), at(0, record.TALKING, _TALKER, 1)]
    kept += [at(1, record.FAULT, _HOST, record.CRASHED)]
    for number in range(int(until_s * 50)):
        now_s = number / 50
        kept.append(at(now_s, record.SPOKEN, _TALKER, 1, number, int(now_s * _S)))
        if now_s >= heard_from_s:
            frame = marker.frame_id(_TALKER, 1, number)
            kept.append(at(now_s + 0.1, record.PLAYED, _LISTENER, frame))
    return [*kept, at(until_s, record.TALKING, _TALKER, 0)]


def silence(kept: list[Any]) -> dict[str, Any]:
    world = World(max(each[0] for each in kept))
    measure = Silence(world)
    world.replay(kept)
    return measure.figures()


def test_silence_lasts_from_the_death_to_a_word_that_was_said_later() -> None:
    found = silence(burst(until_s=5, heard_from_s=2.5))
    assert (found["n"], found["max"]) == (1, 1600.0)


def test_silence_that_outlasts_its_burst_is_not_that_of_the_people_behind_it() -> None:
    """Nobody said anything for 20 s; then somebody else did, and was heard."""
    kept = burst(until_s=5, heard_from_s=9)
    kept += [at(25, record.TALKING, _NEXT, 1), at(25, record.SPOKEN, _NEXT, 1, 0, 25 * _S)]
    kept.append(at(25.1, record.PLAYED, _LISTENER, marker.frame_id(_NEXT, 1, 0)))
    found = silence(kept)
    assert (found["n"], found["max"]) == (1, 4000.0)


def test_a_talker_whose_badge_is_killed_later_proves_nothing() -> None:
    kept = burst(until_s=5, heard_from_s=9)
    kept.insert(-1, at(5, record.FAULT, _TALKER, record.CRASHED))
    assert silence(kept)["n"] == 0


def test_who_is_refused_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all whom a lost leader refused stand there with a pressed button, and nobody talks."""
    monkeypatch.setattr("tests.chaos.badge.WAITS_S", float("inf"))
    facts = {"number": 1, "device": "0200000000000001", "key": "00" * 32, "boot": 0, "seed": 1}
    for kind in (events.DENIED, events.LOST, events.REVOKED):
        talker = Talker({**facts, "leader": ["127.0.0.1", 1], "records": str(tmp_path / "book")})

        async def wait(talker: Talker = talker, kind: int = kind) -> None:
            waiting = asyncio.create_task(talker._until_over(1.0))
            await asyncio.sleep(0)
            assert not waiting.done()
            talker._tell(kind, 0)
            await asyncio.wait_for(waiting, PATIENCE_S)

        asyncio.run(wait())


def test_a_talker_who_had_said_all_proves_nothing() -> None:
    assert silence(burst(until_s=2, heard_from_s=9))["n"] == 0


def test_a_long_silence_is_told() -> None:
    for heard_from_s, was_late, is_broken in (
        (4, False, True),
        (4, True, False),
        (1.5, False, False),
    ):
        verdict = look_at_logs(burst(until_s=9, heard_from_s=heard_from_s))
        verdict.was_late = was_late
        look_at_failover(verdict)
        told = [each for each in verdict.broken if f"above {FAILOVER_P99_MS} ms" in each]
        assert bool(told) == is_broken


def test_two_leaders_of_one_term_are_told() -> None:
    kept = [at(1, record.LEADS, host, 1, 7) for host in (_HOST, _OTHER)]
    assert any("led in term 7" in each for each in look_at_logs(kept).broken)


def test_two_bursts_at_one_leader_and_a_voice_that_nobody_said_are_told() -> None:
    granted = [at(n, record.EVENT, _HOST, events.FLOOR_GRANTED, 0, (f"B{n}", n)) for n in (1, 2)]
    heard = at(3, record.PLAYED, _LISTENER, marker.frame_id(_TALKER, 9, 0))
    found: Verdict = look_at_logs([*granted, heard])
    assert [each.partition(":")[0] for each in found.broken] == ["one lease", "one voice"]


def test_what_a_host_says_by_a_wrong_clock_is_put_where_it_was_said() -> None:
    steps = [(0.0, 0), (100.0, 3600), (104.0, 0), (2000.0, -600), (2003.0, 0)]
    said_s = [99.9, 99.999, 101.0, 103.999, 104.0, 1999.5, 2001.5, 2002.9, 2004.0, 3701.0]
    last_s = 0.0
    for at_s in said_s:
        by_s = next(by_s for start_s, by_s in reversed(steps) if start_s <= at_s)
        last_s = told_at(at_s + by_s, steps, last_s)
        assert round(last_s, 3) == at_s


def test_a_clock_is_set_for_one_process_alone(tmp_path: Path) -> None:
    clocks = Clocks("a", tmp_path)
    if clocks.library is None:
        pytest.skip("there is no C compiler here")
    own = {"LD_PRELOAD": str(clocks.library), "CHAOS_CLOCK": str(clocks.file("a"))}
    asked = [sys.executable, "-c", "import time; print(time.time(), time.monotonic())"]
    for by_s in (-7200, 3600, 0):
        clocks.set("a", by_s)
        before = time.time(), time.monotonic()
        told = subprocess.run(asked, env={**os.environ, **own}, capture_output=True, check=True)
        wall_s, steady_s = map(float, told.stdout.split())
        assert before[0] <= wall_s - by_s <= time.time()
        assert before[1] <= steady_s <= time.monotonic()
