"""Runs on demand: a JSON line with a run's facts in, a JSON line with its result out.

Started by `pressel.sim.workers` on whatever Python is fastest; ends with its input.
"""

from __future__ import annotations

import json
import sys

from .run import run


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
