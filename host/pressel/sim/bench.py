"""`make bench-sim`: the simulator's speed on each Python that is here.

Figures of one machine at one moment; what may be compared is within one call.
"""

from __future__ import annotations

import json
import subprocess

from rich.console import Console
from rich.table import Table

from .profiles import load_profile
from .scenarios import load_scenario
from .workers import interpreters

RUNS = 8  # the first ones warm PyPy up
PARTICIPANTS = 100


def main() -> None:
    spec = {
        "scenario": load_scenario("one-talker").resolved(),
        "profile": load_profile("clean").resolved(),
        "participants": PARTICIPANTS,
        "protocol": "v2",
        "seed": 1,
    }
    table = Table(title=f"{PARTICIPANTS} nodes, one talker, one core")
    for head in ("Python", "bare events/s", "times real time, first", "best", "events/s", "digest"):
        table.add_column(head, justify="right")
    for interpreter in interpreters():
        done = subprocess.run(
            [*interpreter.command, "-m", "pressel.sim.world.speed", str(RUNS)],
            input=json.dumps(spec) + "\n",
            env=interpreter.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        row = json.loads(done.stdout)
        table.add_row(
            row["python"],
            f"{row['bare_events_per_s']:,}",
            f"{row['times_real_time_first']:g}",
            f"{row['times_real_time']:g}",
            f"{row['events_per_s']:,}",
            row["digest"][:8],
        )
    Console().print(table)


if __name__ == "__main__":
    main()
