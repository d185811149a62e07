"""The figures of a shift as one page to print."""

from __future__ import annotations

import time
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .hours import KPIS, LIMITS_MS, RECKONED


def render(rows: list[dict[str, Any]]) -> str:
    """`rows` are hours as JSON, the shift last."""
    pages = Environment(
        loader=PackageLoader("pressel.kpis"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    pages.filters.update(day=day, hour=hour, percent=percent, p95=p95)
    return pages.get_template("kpis.html.j2").render(
        rows=rows, limits=LIMITS_MS, kpis=KPIS, kpi=kpi
    )


def day(at_s: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at_s))


def hour(at_s: int) -> str:
    return time.strftime("%H:%M", time.localtime(at_s))


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def kpi(row: dict[str, Any], name: str) -> str:
    """What 95 of 100 cases did not exceed, that it is only reckoned, and whether it was kept."""
    if row[f"{name}_kept"] is None:
        return "–"
    about = "about " if row[f"{name}_how"] == RECKONED else ""
    broken = "" if row[f"{name}_kept"] else ", broken"
    return f"{about}{p95(row[f'{name}_ms'])}{broken}"


def p95(figures: dict[str, Any] | None) -> str:
    return "–" if figures is None else f"{figures['p95']:.0f} ms"
