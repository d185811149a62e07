"""How fast the simulator is on this Python: some venues, and a reference loop beside them.

Prints one JSON line. Seconds are this process's processor time, so that other processes matter
little. They still depend on the machine, so each figure is also given in steps of the reference
loop, which is measured in the same process between the runs.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from typing import Any

from .run import run

_REFERENCE_STEPS = 200_000


class _Step:
    """What a step of the reference loop touches: an object, a table and numbers."""

    def __init__(self) -> None:
        self.state = 1
        self.seen = dict.fromkeys(range(256), 0)

    def take(self, number: int) -> None:
        self.state = state = (self.state * 1_103_515_245 + number) & 0x3FFFFFFF
        self.seen[state >> 22] = number


def reference_s() -> float:
    """One step of the reference loop: a call, a few numbers, an entry in a table."""
    step = _Step()
    begun = time.process_time()
    for number in range(_REFERENCE_STEPS):
        step.take(number)
    return (time.process_time() - begun) / _REFERENCE_STEPS


def measure(spec: dict[str, Any], limit_s: float) -> dict[str, Any]:
    """Runs of `spec` until `limit_s` are over on the clock, one at least."""
    until_s = time.monotonic() + limit_s
    costs: list[float] = []
    steps = [reference_s()]
    result: dict[str, Any] = {}
    while not costs or time.monotonic() < until_s:
        begun = time.process_time()
        result = run(spec)
        costs.append(time.process_time() - begun)
        steps.append(reference_s())
    virtual_s = result["virtual_s"]
    return {
        "runs": len(costs),
        "cpu_s_a_minute": min(costs) * 60 / virtual_s,
        "times_real_time_first": virtual_s / costs[0],
        "times_real_time": virtual_s / min(costs),
        "reference_steps_a_virtual_s": min(costs) / virtual_s / min(steps),
        "events_a_virtual_s": result["events"] / virtual_s,
        "digest": result["digest"],
    }


def main() -> None:
    """Reads a JSON list of runs' facts; the first argument is the seconds for each."""
    limit_s = float(sys.argv[1])
    reference_s()  # PyPy compiles it
    venues = [measure(spec, limit_s) for spec in json.loads(sys.stdin.readline())]
    print(json.dumps({"python": platform.python_implementation(), "venues": venues}))


if __name__ == "__main__":
    main()
