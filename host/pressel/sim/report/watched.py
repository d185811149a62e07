"""The part of the report of phase 8 about a venue that is looked at: what 20 clients and a Chromium
at the console change for voice. Made from two runs in real time, one of them without any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pressel.console.host_reader import HEARINGS_MAX

RECORDS = Path(__file__).resolve().parents[4] / "docs" / "reports" / "phase8-watched.jsonl"

Record = dict[str, Any]


def read_records(file: Path = RECORDS) -> list[Record]:
    """The run that nobody watches, and the other."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


_TEXT = """
## A venue that is looked at

Made by `make console-load MINUTES={minutes:g}`, recorded with {sources}. **In real time, on {cores}
cores**, both runs {minutes:g} minutes long: {participants} soft badges on real sockets and `pressel
leader`; in the second run `pressel console`, too, with 20 clients, of which 10 hold the stream of
the live page and 10 read all pages, one each two seconds, and Chromium on the live page. Badges,
hosts and browser share the machine, whose load before was {load} by other work. The console has a
lower priority than voice: where the processor is short, it is the pages that wait.

| | nobody looks | all look |
|---|--:|--:|
{rows}

The console took {console_cpu_percent} % of a core for {pages} pages and {news} renewals by streams;
95 of 100 pages came within {page_ms_p95} ms, and {failed} failed. Chromium's page was renewed
{live_news} times. Growth of memory is from the second tenth of a run to the last; the console
keeps what {hearings:,} hearings of bursts take (6 MB), and grows until it has them.
"""

_ROWS = (
    ("access time, 50 and 95 of 100", lambda r: _two(r["access_ms"])),
    ("mouth to ear, 50 and 95 of 100", lambda r: _two(r["mouth_to_ear_ms"])),
    ("frames lost or late", lambda r: f"{100 * r['frame_loss']:.2f} %"),
    ("gaps over 100 ms", lambda r: f"{r['gaps_over_100ms']}"),
    ("machine late, 99 of 100 and at most", lambda r: _late(r)),
    ("leader's share of a core", lambda r: f"{r['leader_cpu_percent']} %"),
    ("leader's memory, and its growth", lambda r: _memory(r, "leader")),
    ("console's memory, and its growth", lambda r: _memory(r, "console")),
    ("violations", lambda r: f"{len(r['violations'])}"),
)


def text(records: list[Record]) -> str:
    alone, watched = records
    rows = [f"| {name} | {of(alone)} | {of(watched)} |" for name, of in _ROWS]
    return _TEXT.format(
        sources=", ".join(sorted({each["source"] for each in records})),
        minutes=watched["seconds"] / 60,
        rows="\n".join(rows),
        **{**watched, "failed": len(watched["failed"]) or "none", "load": watched["load"][0]},
        hearings=HEARINGS_MAX,
    )


def _two(figure: dict[str, float]) -> str:
    return f"{figure['p50']:.0f} and {figure['p95']:.0f} ms"


def _late(record: Record) -> str:
    return f"{record['late_ms_p99']:.0f} and {record['late_ms_max']:.0f} ms"


def _memory(record: Record, who: str) -> str:
    if f"{who}_mib" not in record:
        return "-"
    return f"{record[f'{who}_mib']:.0f} MiB, {record[f'{who}_growth_mib']:+.1f}"
