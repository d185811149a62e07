"""`make report-performance`: measures leader, relay, simulator and badge, and writes
docs/reports/performance.md. --check only says what has changed since.
"""

from __future__ import annotations

import datetime
import os
import sys
import time
from dataclasses import replace

import click
from tests.performance import report
from tests.performance.measures import MEASURES, taken
from tests.relay import murmur

from pressel.errors import PresselError


@click.command()
@click.option("--only", type=click.Choice(list(MEASURES)), help="Only this; the others stay.")
@click.option("--check", is_flag=True, help="Measure nothing: say whether the report is stale.")
def main(only: str | None, check: bool) -> None:
    if check:
        for words in report.stale(report.load()):
            print(words)
        return
    today = str(datetime.datetime.now(datetime.UTC).date())
    for name in [only] if only else MEASURES:
        begun_s = time.monotonic()
        record = report.load()
        source = report.mark(MEASURES[name].of)  # which may change while that takes its time
        record.figures[name], record.sources[name] = taken(MEASURES[name]), source
        has_peer = murmur.program() is not None if name == "relay" else record.has_peer
        report.keep(replace(record, date=today, cores=os.cpu_count() or 0, has_peer=has_peer))
        print(f"{name} took {time.monotonic() - begun_s:.0f} s", file=sys.stderr, flush=True)
    print(f"{report.REPORT} has the new figures: commit it", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except PresselError as error:
        print(f"make report-performance: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
