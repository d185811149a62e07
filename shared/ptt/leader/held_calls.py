"""Callers who must wait before they call the same member again.

A call captures the button of whoever is called, so a caller whose call was hung up, or never
answered, is held off for a time that grows with each such call. Who hangs up on one caller
`CALL_BLOCK_TIMES` in a row blocks it for a shift, or until it calls that one itself. Bounded by
`CALL_HOLDS_MAX`; a standby that takes over knows of none.
"""

from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import (
    CALL_BLOCK_MS,
    CALL_BLOCK_TIMES,
    CALL_HOLD_MS,
    CALL_HOLD_MS_MAX,
    CALL_HOLDS_MAX,
)

if TYPE_CHECKING:
    Pair = tuple[bytes, bytes]  # devices of caller and callee


class HeldCalls:
    """Keyed by the devices of caller and callee: a caller that joins again stays the same."""

    def __init__(self) -> None:
        # Its length, its end, when it is forgotten, and how often the callee has hung up.
        self._holds: dict[Pair, tuple[int, int, int, int]] = {}

    def is_held(self, pair: "Pair", now_ms: int) -> bool:
        hold = self._holds.get(pair)
        return hold is not None and since(now_ms, hold[1]) < 0

    def hold(self, pair: "Pair", is_hung_up: bool, now_ms: int) -> None:
        """The call was not wanted, as the callee has said if `is_hung_up`: the next one must wait
        twice as long as last time."""
        former = self._holds.pop(pair, None)
        if former is None and len(self._holds) >= CALL_HOLDS_MAX:
            del self._holds[self._first()]
        hold_ms = CALL_HOLD_MS if former is None else min(2 * former[0], CALL_HOLD_MS_MAX)
        times = (former[3] if former is not None else 0) + (1 if is_hung_up else 0)
        if times >= CALL_BLOCK_TIMES:
            hold_ms = CALL_BLOCK_MS
        end_ms = add(now_ms, hold_ms)
        self._holds[pair] = (hold_ms, end_ms, add(end_ms, CALL_HOLD_MS_MAX), times)

    def forgive(self, pair: "Pair") -> None:
        """The callee has talked with the caller, or calls it itself."""
        self._holds.pop(pair, None)

    def handle_timeout(self, now_ms: int) -> None:
        """Forget pairs without an unwanted call for a long time."""
        for pair in [pair for pair, hold in self._holds.items() if since(now_ms, hold[2]) >= 0]:
            del self._holds[pair]

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for hold in self._holds.values():
            due = earliest(due, hold[2])
        return due

    def _first(self) -> "Pair":
        """The pair to be forgotten first."""
        first: Pair | None = None
        for pair, hold in self._holds.items():
            if first is None or since(hold[2], self._holds[first][2]) < 0:
                first = pair
        assert first is not None, "there is none to be forgotten"
        return first
