"""One run: the venue comes up, faults strike one by one, all is well again, and is judged."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.chaos.faults import faults_of
from tests.chaos.judge import Verdict, is_same_everywhere, judge, look_at_failover, members
from tests.chaos.operator import Operator
from tests.chaos.venue import HOSTS, SOFT_BADGES, Venue
from tests.late import LateWatch
from tests.patience import PATIENCE_S

PERIOD_S = 9.0  # 400 an hour
REST_S = 2.0  # between two faults: the talker is heard, or the next one has the floor
WELL_S = PATIENCE_S  # all are members, all hosts say the same; at first firmware is built


async def run(
    folder: Path, seconds: float, seed: int, tell: Callable[[str], None]
) -> tuple[Verdict, Counter[str]]:
    """Returns the verdict, and how often each fault struck."""
    struck: Counter[str] = Counter()
    async with Venue(folder, seed) as venue:
        operator = Operator([folder / f"{name}.sock" for name in HOSTS], seed)
        everybody = {*(f"B{number}" for number in range(1, SOFT_BADGES + 1)), "handset"}
        is_well = await _until(lambda: members(venue) >= everybody)
        assert is_well, f"only {members(venue)} have joined"
        operator.start()
        watch = LateWatch()
        try:
            await _strike(venue, seconds, struck, tell)
        finally:
            watch.end()
            was_late = watch.is_machine_late
            await asyncio.to_thread(operator.end)
        all_in = await _until(lambda: members(venue) >= everybody)
        missing = everybody - members(venue)
        all_same = await _until(lambda: is_same_everywhere(venue))
        for badge in venue.badges:
            badge.kill()
        verdict = await asyncio.to_thread(judge, venue, operator)
        verdict.was_late = was_late
        look_at_failover(verdict)
        if not all_in:
            verdict.broken.append(f"{sorted(missing)} did not come back")
        if not all_same:
            verdict.broken.append("hosts do not agree about devices, or who leads")
    return verdict, struck


async def _strike(
    venue: Venue, seconds: float, struck: Counter[str], tell: Callable[[str], None]
) -> None:
    faults = faults_of(venue)
    round_of: list[str] = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        due_s = time.monotonic() + PERIOD_S
        if not round_of:  # each of them, in another order each time
            round_of = sorted(faults)
            for at in range(len(round_of)):
                other = at + venue.prng.below(len(round_of) - at)
                round_of[at], round_of[other] = round_of[other], round_of[at]
        name = round_of.pop()
        tell(f"{time.strftime('%H:%M:%S')} {name}")
        await faults[name](venue)
        struck[name] += 1
        await asyncio.sleep(max(REST_S, due_s - time.monotonic()))


async def _until(is_so: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + WELL_S
    while not await asyncio.to_thread(is_so):
        if time.monotonic() > end_s:
            return False
        await asyncio.sleep(0.3)
    return True
