"""The report on performance: what was measured, as Markdown, and whether that is old."""

from __future__ import annotations

import hashlib
import json
import statistics
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tests.performance.measures import MEASURES, Found

from pressel.errors import UsageError
from pressel.tree import ROOT

REPORT = ROOT / "docs" / "reports" / "performance.md"
RECORDS = REPORT.with_name("performance.json")
_MARK_DIGITS = 12

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
    """`figures`: by measure, then by figure, all values; `sources`: the `mark` of what each measure
    was taken of, "" where that was not kept. `has_peer`: Murmur was there."""

    sources: dict[str, str]
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
        mark = record.sources[name]
        words += f" Source `{mark}`." if mark else " Of an older source."
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


def mark(rooms: Iterable[str]) -> str:
    """What the files of these rooms hold, in a few digits: it outlives a commit that is rebased.
    UsageError for a room that is not there."""
    told = hashlib.sha256()
    for room in rooms:
        path = ROOT / room
        if not path.exists():
            raise UsageError(f"there is no {room}, of which a measure is taken")
        for file in [path] if path.is_file() else sorted(path.rglob("*.*")):
            if file.is_file() and "__pycache__" not in file.parts:
                content = hashlib.sha256(file.read_bytes()).digest()
                told.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + content)
    return told.hexdigest()[:_MARK_DIGITS]


def stale(record: Record) -> list[str]:
    """A sentence for each measure whose rooms have changed since; none when all is current."""
    return [
        f"performance.md, {name}: its rooms have changed since {record.date}; run "
        f'make report-performance ONLY="{name}"'
        for name, measure in MEASURES.items()
        if record.sources[name] != mark(measure.of)
    ]
