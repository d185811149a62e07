"""How a change stands, as the host's desk answers, and what a person is shown of its gate."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from .gate import Health


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
    "went away or joined anew": lambda health: str(health.lost),
    "frames to be heard": lambda health: f"{health.frames:,}",
    "missed or late": lambda health: f"{health.share:.1%}",
}
