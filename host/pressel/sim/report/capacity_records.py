"""The runs of the report of phase 4, as they are kept, and whether people understand each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pressel.docs.budget_table import load
from pressel.sim.commit import commit

from .capacity_matrix import Cell, matrix

LOSS_MOST = 0.01  # of the target `loss-airtime`
DELAY_MS_MOST = 350.0  # p95: what the design of phase 4 allows where multicast waits for beacons

Record = dict[str, Any]


def kept(cell: Cell, result: Record) -> Record:
    """What the report draws from, of the result of a run."""
    kpis = result["kpis"]
    delay = kpis["mouth_to_ear_ms"] or {}
    return {
        "source": commit() or "unknown",
        "cell": cell._asdict(),
        "digest": result["digest"],
        "violations": [each["what"] for each in result["violations"]],
        "talking": round(kpis["airtime_talking_percent"], 1),
        "rest": round(kpis["airtime_silent_percent"], 1),
        "lost": kpis["frame_loss"],
        "p50": delay.get("p50"),
        "p95": delay.get("p95"),
        "gaps": kpis["gaps_over_100ms"],
        "clipped_ms": kpis["clipped_ms"],
        "datagrams": kpis["datagrams"],
        "bytes": kpis["bytes"],
    }


def read_records(file: Path) -> tuple[Record, list[Record]]:
    """What a host and a badge cost by the budgets when the runs were made, and the runs."""
    budget, *records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return budget, records


def write_records(file: Path, records: list[Record]) -> None:
    """In the order of the matrix, whatever was finished first; before them the newest row of the
    budgets."""
    order = {cell: index for index, cell in enumerate(matrix())}
    records = sorted(records, key=lambda each: order[Cell(**each["cell"])])
    row = load()[-1]
    lines = [json.dumps(each, sort_keys=True)
             for each in ({"commit": row.commit, **row.figures}, *records)]  # fmt: skip
    file.write_text("\n".join(lines) + "\n", "utf-8")


def works(record: Record) -> bool:
    """Do people understand each other?"""
    if record["lost"] is None or record["p95"] is None:
        return False
    return record["lost"] <= LOSS_MOST and record["p95"] <= DELAY_MS_MOST


def by_cell_of(records: list[Record]) -> dict[Cell, Record]:
    return {Cell(**each["cell"]): each for each in records}
