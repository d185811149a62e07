"""How a change stands, as the host's desk answers, and what a person is shown of its gate."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from pressel.health.rating import rating

from .gate import Health

_OF = 10_000  # frames: a share with two decimals of a percent


class Standing(BaseModel):
    """`state` and `stage` are words of `stages`; `words`: why it is in that state; `changed`: from
    what to what; `since_s`: how long the stage has run."""

    state: str
    stage: str
    words: str
    version: int
    why: str
    who: str
    changed: str
    since_s: int
    touched: Health
    others: Health


ROWS: dict[str, Callable[[Health], str]] = {
    "badges": lambda health: str(health.badges),
    "refuse it": lambda health: str(health.refused),
    "have not answered": lambda health: str(health.silent),
    "crashed": lambda health: str(health.crashed),
    "went away or joined anew": lambda health: str(health.lost),
    "frames to be heard": lambda health: f"{health.frames:,}",
    "missed or late": lambda health: f"{health.share:.1%}",
    "rating R": lambda health: _rating(health),
    "answer after": lambda health: f"{health.trip_ms:.0f} ms" if health.timed else "not known",
}


def _rating(health: Health) -> str:
    """Of all that is not heard in time; what comes late is replaced, too."""
    if not health.heard:
        return "not known"
    r = rating(round(_OF * (1 - health.share)), round(_OF * health.share))
    return "not known" if r is None else f"{r:.0f}"
