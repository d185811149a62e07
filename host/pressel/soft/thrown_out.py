"""A badge that its leader forgets again and again: another one has its identity, and each throws
the other out by joining."""

from __future__ import annotations

from collections import deque
from typing import Any

from ptt.base import events

ADVICE = (
    "another badge uses this one's key, and each throws the other out: stop one of the two, and "
    "give it a key of its own with `pressel device add`"
)
_TIMES = 3  # a leader that begins anew forgets everybody once
_WITHIN_S = 30.0
_AGAIN_S = 60.0  # between two such sentences


class ThrownOut:
    def __init__(self) -> None:
        self._at_s: deque[float] = deque(maxlen=_TIMES)
        self._told_s = float("-inf")

    def take(self, kind: int, value: Any, now_s: float) -> str | None:
        """One event of the badge's; what is to be said about it. A leader that is only silent for
        too long has forgotten nobody: then `value` is how long."""
        if kind != events.LOST or value:
            return None
        self._at_s.append(now_s)
        is_often = len(self._at_s) == _TIMES and now_s - self._at_s[0] <= _WITHIN_S
        if not is_often or now_s - self._told_s < _AGAIN_S:
            return None
        self._told_s = now_s
        return ADVICE
