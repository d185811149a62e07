"""`pressel scorecard`: whether a version may go on to more venues."""

from __future__ import annotations

import contextlib
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.errors import PresselError, UsageError

from .printed import print_table

if TYPE_CHECKING:
    from pressel.scorecard.card import Card

LOGS_MAX = 1000  # of one venue: a badge's each
_SUFFIXES = (".log", ".json", ".jsonl")
_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@click.command()
@click.argument("venues", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--gate", default="pilot", show_default=True, help="lab, pilot or several.",
    shell_complete=offering(completing.gates),
)  # fmt: skip
@click.option("--since", type=_DAY, help="Count from this day on.")
@click.option("--until", type=_DAY, help="Count until before this day.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to print."
)
def scorecard(
    venues: tuple[Path, ...],
    gate: str,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
    html: Path | None,
) -> int:
    """Say go, no go or not yet for the way out of GATE, from the logs of VENUES.

    A venue is a folder of logs: those of its hosts (`pressel host run --json`, or `journalctl -u
    pressel -o json`) and of its badges, or one such file. Bundles beside them count as calls for
    help; in a folder without logs, what bundles hold of logs is counted. Exits with 0 for go, else
    with 1.
    """
    from pressel.schema.check import did_you_mean
    from pressel.schema.scorecard import scorecard as rules
    from pressel.scorecard import bundled
    from pressel.scorecard import card as cards
    from pressel.scorecard.count import count
    from pressel.scorecard.page import render
    from pressel.trace.logs import all_lines

    table = rules()
    if gate not in table.gates:
        near = did_you_mean(gate, list(table.gates)) or f"; there are: {', '.join(table.gates)}"
        raise UsageError(f"there is no gate '{gate}'{near}")
    from_s = since.timestamp() if since else 0.0
    to_s = until.timestamp() if until else float("inf")
    counts = []
    for venue in venues:
        made = _bundles(venue)
        logs = _logs(venue, made)
        lines = (line for log in logs for line in all_lines(log))
        if not logs:
            lines = bundled.lines(made)
            if any(map(bundled.is_cut, made)):
                words = f"{venue}: a bundle holds the last lines of long logs only; give the logs"
                print(words, file=sys.stderr)
        counts.append(count(venue.stem, lines, from_s, to_s, _made_s(made)))
    card = cards.judge(counts, gate, table)
    if html is not None:
        try:
            html.write_text(render(card, table), "utf-8")
        except OSError as error:
            raise PresselError(f"cannot write {html}: {error.strerror}") from error
        print(f"the scorecard is in {html}", file=sys.stderr)
    if as_json:
        print(json.dumps(card.as_json(), indent=2))
    else:
        _show(card)
    return 0 if card.decision == cards.GO else 1


def _bundles(venue: Path) -> list[dict[str, Any]]:
    """Those in the folder, the oldest first; other pages are none."""
    from pressel.bundle.page import read

    found = []
    for page in sorted(venue.glob("*.html")) if venue.is_dir() else []:
        with contextlib.suppress(UsageError):
            bundle = read(page)
            if isinstance(bundle.get("made_at"), int):
                found.append(bundle)
    return sorted(found, key=lambda bundle: bundle["made_at"])


def _made_s(bundles: list[dict[str, Any]]) -> list[float]:
    return [float(bundle["made_at"]) for bundle in bundles]


def _logs(venue: Path, bundles: list[dict[str, Any]]) -> list[Path]:
    """UsageError when neither logs nor `bundles` are there."""
    if not venue.is_dir():
        return [venue]
    found = sorted(each for each in venue.iterdir() if each.suffix in _SUFFIXES and each.is_file())
    if not found and not bundles:
        raise UsageError(
            f"{venue} holds no bundle and no log: a file that ends in {', '.join(_SUFFIXES)}"
        )
    if len(found) > LOGS_MAX:
        raise UsageError(f"{venue} holds more than {LOGS_MAX} logs; split it by time")
    return found


def _show(card: Card) -> None:
    from pressel.schema.scorecard import scorecard as rules
    from pressel.scorecard.card import figure

    table = rules()
    for venue in card.venues:
        shown = Table("", "Found", "At most", "", box=None, pad_edge=False)
        count = venue.count
        shown.title = escape(f"{count.venue}: {count.shifts} shifts, {count.bursts} bursts")
        shown.title_justify = "left"
        for mark in venue.marks:
            rule = table.rules[mark.rule]
            found = "–" if mark.value is None else figure(mark.value, rule)
            shown.add_row(rule.text, found, figure(mark.most, rule), mark.state)
        print_table(shown)
    print(f"{card.decision.upper()} for the gate {card.gate}", file=sys.stderr)
    for why in card.why:
        print(f"  {why}", file=sys.stderr)
