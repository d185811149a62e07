"""`python -m tests.chaos --minutes N`: real hosts and badges, and a fault every few seconds.

Exit code 4 means that something happened that must never happen.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.chaos.judge import Verdict
from tests.chaos.run import run

_BROKEN = 4
_WHAT = "Real hosts and badges, and a fault every few seconds."


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=_WHAT)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    words = parser.parse_args()
    if not 0 < words.minutes <= 10_000:
        parser.error("--minutes goes from above 0 to 10000")
    print(f"seed {words.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pressel-chaos-") as folder:
        verdict, struck = asyncio.run(run(Path(folder), words.minutes * 60, words.seed, _tell))
    _show(struck, verdict, words.minutes)
    return _BROKEN if verdict.broken else 0


def _tell(line: str) -> None:
    print(line, flush=True)


def _show(struck: Counter[str], verdict: Verdict, minutes: float) -> None:
    for name, times in sorted(struck.items()):
        print(f"{times:5}  {name}")
    an_hour = sum(struck.values()) * 60 / minutes
    print(f"{sum(struck.values())} faults, {an_hour:.0f} an hour")
    figures = verdict.failover_ms
    print(
        f"failover at a listener: p50 {figures['p50']}, p99 {figures['p99']}, "
        f"most {figures['max']} ms, {figures['n']} times"
    )
    if verdict.was_late:
        print("this machine was late: the time of a failover is partly its doing, and not judged")
    print(f"{verdict.bursts} presses that were granted, {verdict.frames_heard:,} frames heard")
    print(
        f"acknowledged and kept: {verdict.devices} devices, {verdict.settings} settings; "
        f"{verdict.refused} requests were refused"
    )
    for sentence in verdict.broken:
        print(f"BROKEN: {sentence}")


if __name__ == "__main__":
    sys.exit(main())
