"""What changes cost: the rows of docs/reports/budgets.jsonl, and the table made from them.

The figures are measured by tests/budgets.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import UsageError
from pressel.tree import ROOT

RECORDS = ROOT / "docs" / "reports" / "budgets.jsonl"
NOT_MEASURED = "not measured"  # then
CHANGE_CHARACTERS_MAX = 120


@dataclass(frozen=True)
class Figure:
    """`area` is a column of the table; `digits` are shown after the decimal point."""

    area: str
    text: str
    unit: str
    digits: int = 0

    def number(self, value: float) -> str:
        return f"{value:,.{self.digits}f}"


FIGURES = {
    "leader_copies": Figure("CPU", "leader, a delivered packet", "copies with checksum", 1),
    "badge_talk_loops": Figure("CPU", "badge, a frame it talks", "loops", 1),
    "badge_listen_loops": Figure("CPU", "badge, a frame it hears", "loops", 1),
    "simulator_steps": Figure("CPU", "simulator, a virtual second of 100 nodes", "steps"),
    "badge_live_bytes": Figure("memory", "badge, live", "bytes"),
    "badge_peak_bytes": Figure("memory", "badge, peak", "bytes"),
    "leader_mib": Figure("memory", "leader with 250 members", "MiB", 1),
    "battery_least_mah": Figure("battery", "an evening, at best", "mAh"),
    "battery_most_mah": Figure("battery", "an evening, for certain", "mAh"),
    "idle_datagrams_per_s": Figure("network", "idle", "datagrams/s", 1),
    "idle_bytes_per_s": Figure("network", "idle", "bytes/s"),
    "talk_datagrams_per_s": Figure("network", "one talks", "datagrams/s", 1),
    "talk_bytes_per_s": Figure("network", "one talks", "bytes/s"),
}
AREAS = ("CPU", "memory", "battery", "network")


class Row(BaseModel):
    """What was measured at one commit; `change` says what is new since the row before."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    date: datetime.date
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,40}$")]
    change: Annotated[str, Field(min_length=1, max_length=CHANGE_CHARACTERS_MAX)]
    figures: dict[str, float]


def load(file: Path = RECORDS) -> list[Row]:
    """The rows, oldest first. UsageError names a line that is not a row."""
    rows = []
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(Row.model_validate_json(line))
        except ValidationError as error:
            wrong = error.errors()[0]
            at = ".".join(map(str, wrong["loc"])) or "the line"
            raise UsageError(f"{file}:{number}: {at}: {wrong['msg']}") from error
    return rows


def append(row: Row, file: Path = RECORDS) -> None:
    """Write `row` as the newest. It replaces the newest row if that has the same commit."""
    rows = load(file)
    if rows and rows[-1].commit == row.commit:
        rows.pop()
    text = "".join(each.model_dump_json() + "\n" for each in (*rows, row))
    file.write_text(text, "utf-8")


def budgets(_: str) -> str:
    return table(load())


def table(rows: list[Row]) -> str:
    """A line for each commit, and in it each figure, before and after."""
    lines = ["| date | commit | what changed | " + " | ".join(AREAS) + " |"]
    lines.append("|---" * (3 + len(AREAS)) + "|")
    before: dict[str, float] = {}
    for row in rows:
        cells = [str(row.date), f"`{row.commit[:12]}`", row.change.replace("|", "\\|")]
        cells += [_cell(area, before, row.figures) for area in AREAS]
        lines.append("| " + " | ".join(cells) + " |")
        before = {**before, **row.figures}
    return "\n".join(lines)


def _cell(area: str, before: dict[str, float], now: dict[str, float]) -> str:
    found = []
    for name, figure in FIGURES.items():
        if figure.area == area and name in now:
            value = figure.number(now[name])
            if name in before and figure.number(before[name]) != value:
                value = f"{figure.number(before[name])} -> **{value}**"
            found.append(f"{figure.text}: {value} {figure.unit}")
    return "<br>".join(found) or NOT_MEASURED
