"""`pressel kpis`: how the venue kept its promises."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.table import Table

from pressel.cli.health import all_bursts
from pressel.cli.options import control_options
from pressel.cli.printed import print_table
from pressel.errors import PresselError, UsageError
from pressel.node import control as sockets


@click.command()
@click.argument("logs", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@control_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to print."
)
def kpis(
    logs: tuple[Path, ...], port: int | None, control: Path | None, as_json: bool, html: Path | None
) -> None:
    """Show how the venue kept its promises, by the hour and over the shift.

    The leader knows the last few hundred bursts. KPI 1 to 4 of 3GPP TS 22.179 are reckoned from
    what badges report of themselves; KPI 1, from the press to the permission to talk, is measured
    where LOGS of badges are given, from their serial port.
    """
    from pressel.kpis import page
    from pressel.kpis.hours import hours
    from pressel.trace.logs import all_lines

    lines = [line for log in logs for line in all_lines(log)]
    rows = [each.as_json() for each in hours(all_bursts(sockets.find(control, port)), lines)]
    if not rows:
        raise UsageError("nobody has talked since this leader leads")
    if html is not None:
        try:
            html.write_text(page.render(rows), "utf-8")
        except OSError as error:
            raise PresselError(f"cannot write {html}: {error.strerror}") from error
        print(f"the report is in {html}", file=sys.stderr)
    if as_json:
        print(json.dumps(rows, indent=2))
    elif html is None:
        _show(rows)


def _show(rows: list[dict]) -> None:
    from pressel.kpis.hours import KPIS, LIMITS_MS
    from pressel.kpis.page import hour, kpi, p95, percent

    heads = ("From", "Bursts", "Talk", "Cut off", "Heard by", "Whole", "Lost", "Queue p95")
    table = Table(*heads, box=None)
    for number, row in enumerate(rows):
        is_shift = number == len(rows) - 1
        table.add_row(
            "all" if is_shift else hour(row["from_s"]), str(row["bursts"]), f"{row['talk_s']} s",
            str(row["cut_off"]), percent(row["heard_share"]), percent(row["whole_share"]),
            percent(row["lost_share"]), p95(row["queue_wait_ms"]),
        )  # fmt: skip
    print_table(table)
    print()
    promises = Table(
        "From", *(f"KPI {name[3:]} <= {LIMITS_MS[name][0]} ms" for name in KPIS), box=None
    )
    for number, row in enumerate(rows):
        from_s = "all" if number == len(rows) - 1 else hour(row["from_s"])
        promises.add_row(from_s, *(kpi(row, name) for name in KPIS))
    print_table(promises)
