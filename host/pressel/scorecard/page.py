"""A scorecard as one page to print."""

from __future__ import annotations

import time

from jinja2 import Environment, PackageLoader, StrictUndefined

from pressel.schema.scorecard import ScorecardTable

from .card import Card, figure


def render(card: Card, table: ScorecardTable) -> str:
    pages = Environment(
        loader=PackageLoader("pressel.scorecard"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    pages.filters.update(day=day)
    template = pages.get_template("scorecard.html.j2")
    return template.render(card=card, gate=table.gates[card.gate], rules=table.rules, figure=figure)


def day(at_s: float | None) -> str:
    return "–" if at_s is None else time.strftime("%Y-%m-%d", time.localtime(at_s))
