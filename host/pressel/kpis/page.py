"""The figures of a shift as one page to print."""

from __future__ import annotations

import time
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .hours import LIMITS_MS


def render(rows: list[dict[str, Any]]) -> str:
    """`rows` are hours as JSON, the shift last."""
    pages = Environment(
        loader=PackageLoader("pressel.kpis"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    pages.filters.update(day=day, hour=hour, percent=percent, p95=p95)
    return pages.get_template("kpis.html.j2").render(rows=rows, limits=LIMITS_MS)


def day(at_s: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at_s))


def hour(at_s: int) -> str:
    return time.strftime("%H:%M", time.localtime(at_s))


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def p95(figures: dict[str, Any] | None) -> str:
    return "–" if figures is None else f"{figures['p95']:.0f} ms"
