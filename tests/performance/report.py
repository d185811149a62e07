"""The report on performance: what was measured, as Markdown, and whether that is old."""

from __future__ import annotations

import json
import statistics
import subprocess
import textwrap
from dataclasses import asdict, dataclass

from tests.performance.measures import MEASURES, Found

from pressel.tree import ROOT

REPORT = ROOT / "docs" / "reports" / "performance.md"
RECORDS = REPORT.with_name("performance.json")
_LIMIT_S = 10.0

_HEAD = (
    "Made by `make report-performance`, last on {date}, on {cores} cores. Everything "
    "is a ratio: what is measured and what it is compared with take turns in one run, so that the "
    "figures mean much the same on another machine. A figure is the middle of its values; least "
    "and most show the spread, which other programs on the machine widen."
)
_SECTIONS = {
    "leader": (
        "Leader",
        "A leader of 100 members passes voice on to 99. One unit is a copy of the packet with a "
        "CRC-32, in the same process between the turns.",
    ),
    "relay": (
        "Relay, beside others",
        "One talker, 100 listeners; all contestants are up at once and take turns in an order that "
        "is dealt anew (`make bench-relay`). One unit is what a loop in C takes that does no more "
        "than send each listener its copy with its tag: processor time of a delivered frame.",
    ),
    "simulator": (
        "Simulator",
        "`make bench-sim` on each Python that is here. Times real time are of processor time, and "
        "depend on the machine. Steps are those of a reference loop that cost as much as a virtual "
        "second, and depend on it little.",
    ),
    "badge, time": (
        "Badge, time",
        "The firmware on MicroPython with the seal: the steps of 20 ms beside loops of 500 "
        "multiplications.",
    ),
    "badge, bytecodes": (
        "Badge, instructions",
        "Counted by `make bench-badge`, as shares of the budgets that a test keeps. Counts have no "
        "spread.",
    ),
}
_PEER = "Murmur is Debian's `mumble-server`, as it is installed."
_NO_PEER = (
    "Murmur, the nearest peer, was not there. With Debian's `mumble-server` installed the table of "
    "the relay has its row."
)
_COLUMNS = 112


@dataclass(frozen=True)
class Record:
    """`figures`: by measure, then by figure, all values; `commits`: what each measure was taken of.
    `has_peer`: Murmur was there."""

    commits: dict[str, str]
    date: str
    cores: int
    has_peer: bool
    figures: dict[str, Found]


def keep(record: Record) -> None:
    RECORDS.write_text(json.dumps(asdict(record), indent=1) + "\n", "utf-8")
    REPORT.write_text(text(record), "utf-8")


def load() -> Record:
    return Record(**json.loads(RECORDS.read_text("utf-8")))


def text(record: Record) -> str:
    head = _HEAD.format(date=record.date, cores=record.cores)
    parts = ["# Performance\n", _paragraph(head)]
    for name, (title, words) in _SECTIONS.items():
        words += f" Commit `{record.commits[name]}`."
        parts += [f"## {title}\n", _paragraph(words), _table(record.figures[name])]
    parts += ["## Peers\n", _paragraph(_PEER if record.has_peer else _NO_PEER)]
    return "\n".join(parts)


def _paragraph(words: str) -> str:
    return textwrap.fill(words, _COLUMNS, break_on_hyphens=False) + "\n"


def _table(found: Found) -> str:
    rows = ["| what | middle | least | most | values |", "|---|--:|--:|--:|--:|"]
    for name, values in found.items():
        numbers = (statistics.median(values), min(values), max(values))
        cells = [_number(each) for each in numbers]
        rows.append(f"| {name} | {' | '.join(cells)} | {len(values)} |")
    return "\n".join(rows) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.2f}"


def stale(record: Record) -> list[str]:
    """A sentence for each measure whose rooms have changed since; none when all is current."""
    found = []
    for name, measure in MEASURES.items():
        at = record.commits[name]
        told = _git("diff", "--name-only", at, "--", *measure.of)
        if told is None:
            found.append(f"performance.md, {name}: commit {at} is not here")
            continue
        if files := told.split():
            found.append(
                f"performance.md, {name}: {len(files)} files have changed since {at}; "
                f'run make report-performance ONLY="{name}"'
            )
    return found


def first_commit() -> str | None:
    """The oldest that is here; None without a checkout."""
    told = _git("rev-list", "HEAD")
    return told.split()[-1] if told else None


def _git(*words: str) -> str | None:
    """What git says; None when it fails."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words],
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    return None if done.returncode else done.stdout
