"""`make bench-sim`: the simulator's speed on each Python that is here, within a minute.

Times are processor times. They are figures of one machine at one moment; to compare machines and
days, take the number of steps of a reference loop that a virtual second costs.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from .choice import Choice
from .workers import Interpreter, interpreters
from .world.seal import STAND_IN

LIMIT_S = 10.0  # for each venue on each Python, and the run that is under way then


@dataclass(frozen=True)
class Venue:
    """`wanted`: by Python, in the words of the table."""

    words: str
    choice: Choice
    wanted: dict[str, str]


VENUES = (
    Venue(
        "100 nodes, one talker",
        Choice("one-talker", "clean", 100, seal=STAND_IN),
        {"PyPy": "100 x", "CPython": "25 x"},
    ),
    Venue(
        "8 nodes, all that can happen",
        Choice("mixed", "busy", 8, seal=STAND_IN),
        {"PyPy": "0.3 s/min"},
    ),
)
SPEECH_MS = 15_000  # half as long as in the scenario: one run must not take the whole minute


def specs() -> list[dict[str, Any]]:
    """The facts of each venue's run."""
    found = [venue.choice.spec() for venue in VENUES]
    talk = found[0]["scenario"]
    talk["duration_s"] -= talk["speech"]["hold_ms_max"] // 1000 - SPEECH_MS // 1000
    talk["speech"] = {**talk["speech"], "hold_ms_min": SPEECH_MS, "hold_ms_max": SPEECH_MS}
    return found


def main() -> None:
    figures = [_measured(interpreter) for interpreter in interpreters()]
    console = Console()
    for index, venue in enumerate(VENUES):
        table = Table(title=venue.words, title_justify="left", box=None, pad_edge=False)
        table.add_column("Python")
        for head in ("runs", "first", "best", "wanted", "CPU s/min", "steps/s", "digest"):
            table.add_column(head, justify="right", no_wrap=True)
        for measured in figures:
            row = measured["venues"][index]
            table.add_row(
                measured["python"],
                str(row["runs"]),
                f"{row['times_real_time_first']:.1f} x",
                f"{row['times_real_time']:.1f} x",
                venue.wanted.get(measured["python"], ""),
                f"{row['cpu_s_a_minute']:.2f}",
                f"{row['reference_steps_a_virtual_s']:,.0f}",
                row["digest"][:8],
            )
        console.print(table)
        console.print()
    console.print(
        "x: times real time, in processor time, of the first and of the best run\n"
        "CPU s/min: what a virtual minute costs\n"
        "steps/s: steps of the reference loop that cost as much as a virtual second"
    )


def _measured(interpreter: Interpreter) -> dict[str, Any]:
    done = subprocess.run(
        [*interpreter.command, "-m", "pressel.sim.world.speed", str(LIMIT_S)],
        input=json.dumps(specs()) + "\n",
        env=dict(interpreter.environment),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
