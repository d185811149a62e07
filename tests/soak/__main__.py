"""`python -m tests.soak --minutes N`, or `make soak`: three real hosts and five badges that talk in
turn, while nothing goes wrong but what a busy radio loses. Promises and memory are judged.

Exit code 4 means that a promise was broken, or that a process's memory grew.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.chaos.judge import Verdict, judge, members
from tests.chaos.operator import Operator
from tests.chaos.venue import HOSTS, SOFT_BADGES, Venue
from tests.e2e.command import until
from tests.memory import SAMPLE_EVERY_S
from tests.soak.scale import Scale

_BROKEN = 4
_TOLD_EVERY_S = 300.0


async def soak(folder: Path, seconds: float) -> tuple[Verdict, Scale]:
    """The venue for so long; what the checkers saw, and the memory of each process."""
    scale = Scale()
    async with Venue(folder, seed=1) as venue:
        everybody = {*(f"B{number}" for number in range(1, SOFT_BADGES + 1)), "handset"}
        await until(lambda: members(venue) >= everybody, f"{sorted(everybody)} as members")
        processes = venue.processes()
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        told_s = loop.time()
        while loop.time() < end_s:
            scale.weigh(processes)
            if loop.time() >= told_s:
                told_s += _TOLD_EVERY_S
                print(f"{(end_s - loop.time()) / 60:.0f} minutes to go: {scale.now()}", flush=True)
            await asyncio.sleep(SAMPLE_EVERY_S)
        missing = everybody - members(venue)
        for badge in venue.badges:
            badge.kill()
        nobody = Operator(
            [folder / f"{name}.sock" for name in HOSTS], seed=1
        )  # who changes nothing
        verdict = await asyncio.to_thread(judge, venue, nobody)
    if missing:
        verdict.broken.append(f"{sorted(missing)} were no members in the end")
    if not verdict.frames_heard:
        verdict.broken.append("nobody has heard anything")
    verdict.broken += scale.grown()
    return verdict, scale


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description="Does memory stay flat?")
    parser.add_argument("--minutes", type=float, default=60)
    words = parser.parse_args()
    if not 0 < words.minutes <= 10_000:
        parser.error("--minutes goes from above 0 to 10000")
    with tempfile.TemporaryDirectory(prefix="pressel-soak-") as folder:
        verdict, scale = asyncio.run(soak(Path(folder), words.minutes * 60))
    print("\n".join(scale.lines()))
    print(f"{verdict.bursts:,} presses that were granted, {verdict.frames_heard:,} frames heard")
    for sentence in verdict.broken:
        print(f"BROKEN: {sentence}")
    return _BROKEN if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
