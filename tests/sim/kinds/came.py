"""One datagram that came to an engine, as a planted bug sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ptt.base.clock import since
from ptt.wire import envelope, refusal

_HALF_MS = 1 << 29  # of a clock's period
DAMAGED = (refusal.CRC, refusal.TAG, refusal.LENGTH, refusal.RANGE, refusal.VERSION)


@dataclass
class Came:
    """One datagram, and how its receiver stood before it came."""

    data: Any
    source: Any
    now_ms: int
    late_ms: int  # since the engine asked to be woken; 0: it is in time
    reason: int  # why it was refused
    highest: int  # sequence number of its session so far; 0: of none
    silent_ms: int  # since the sender was heard; -1: never
    memory: dict[str, Any] = field(repr=False)  # the bug's, of this engine

    @property
    def gap(self) -> int:
        """Datagrams that are missing before it."""
        return envelope.seq(self.data) - self.highest - 1 if self.highest else 0

    @property
    def kind(self) -> int:
        return self.data[envelope.TYPE_AT]

    def count(self, name: str, event: bool) -> int:
        """How often in a row `event` was true."""
        self.memory[name] = self.memory.get(name, 0) + 1 if event else 0
        return self.memory[name]

    def lately(self, name: str, what: Any, within_ms: int) -> int:
        """How many different `what` there were within so long."""
        seen = self.memory.setdefault(name, {})
        seen[what] = self.now_ms
        return sum(0 <= since(self.now_ms, at_ms) <= within_ms for at_ms in seen.values())


Sees = Callable[[Any, Came], bool]


def apart(later_ms: int, earlier_ms: int) -> int:
    """Milliseconds between two of any clocks."""
    return (later_ms - earlier_ms + _HALF_MS) % (2 * _HALF_MS) - _HALF_MS


def transit_of(came: Came) -> int:
    """How long it was on its way, but for the difference of two clocks."""
    return apart(came.now_ms, envelope.timestamp_ms(came.data))


def pause_of(came: Came) -> int:
    """Since the one before, of whatever kind."""
    before_ms = came.memory.get("came", came.now_ms)
    came.memory["came"] = came.now_ms
    return since(came.now_ms, before_ms)


def quiet_of(came: Came) -> int:
    """The same; 0 when that one came in a crowd, of which a mailbox may have lost some."""
    was_in_crowd = came.memory.get("pause", 0) <= 2
    came.memory["pause"] = pause_ms = pause_of(came)
    return 0 if was_in_crowd else pause_ms


def is_in_order(came: Came) -> bool:
    return came.reason == refusal.ACCEPTED and came.highest > 0 and came.late_ms == 0
