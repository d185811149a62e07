"""How fast the simulator is on this Python: the bare loop, and 100 nodes with one talker.

Prints one JSON line. Figures of one machine at one moment: compare those of one call only.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from typing import Any

from .loop import EventLoop
from .run import run

_BARE_EVENTS = 1_000_000
_PENDING = 250  # events that wait at any time: about what 100 nodes have


def bare_events_per_s() -> float:
    """Events that do nothing but plan the next one."""
    loop = EventLoop()

    def tick(step_us: int) -> None:
        loop.at(loop.now_us + step_us, tick, step_us)

    for n in range(_PENDING):
        loop.at(n, tick, 1000 + 7 * n)
    begun = time.perf_counter()
    loop.run(_BARE_EVENTS * (1000 + 7 * _PENDING // 2) // _PENDING)
    return loop.events / (time.perf_counter() - begun)


def main() -> None:
    """Reads a run's facts as JSON; the first argument is how often it is run."""
    spec = json.loads(sys.stdin.readline())
    bare = [bare_events_per_s() for _ in range(5)]
    results: list[dict[str, Any]] = [run(spec) for _ in range(int(sys.argv[1]))]
    times = [each["virtual_s"] / each["wall_s"] for each in results]
    rates = [each["events"] / each["wall_s"] for each in results]
    figures = {
        "python": platform.python_implementation(),
        "bare_events_per_s": round(max(bare)),
        "times_real_time_first": round(times[0], 1),
        "times_real_time": round(max(times), 1),
        "events_per_s": round(max(rates)),
        "digest": results[0]["digest"],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
