"""The leader's table of private calls: two members, a group number for themselves, a hang time.

It knows no wire and no floor: its owner says when a call is used, and asks when it has been quiet
for too long. A member is in one call at most.
"""

from ..base.clock import add
from ..base.compat import TYPE_CHECKING
from ..base.numbers import CALL_GROUP_FIRST, CALL_HANG_MS, CALLS_MAX

if TYPE_CHECKING:
    from typing import Protocol

    class Party(Protocol):
        """One of the two: a member, which knows the number of its call, 0 when it has none."""

        device: bytes
        node: int
        call: int


class Call:
    """A call between `caller` and `callee`, with `group` as its number."""

    __slots__ = ("callee", "caller", "group", "is_answered", "is_refused", "quiet_ms")

    def __init__(self, group: int, caller: "Party", callee: "Party", now_ms: int) -> None:
        self.group = group
        self.caller = caller
        self.callee = callee
        self.quiet_ms = now_ms  # when somebody was last heard of
        self.is_answered = False  # has the callee talked in it?
        self.is_refused = False  # did the callee hang up?


class Calls:
    """At most `CALLS_MAX` calls, by their group."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        self._next = CALL_GROUP_FIRST
        self.hang_ms = CALL_HANG_MS  # a call is over that has been quiet for so long

    def get(self, group: int) -> "Call | None":
        return self._calls.get(group)

    def is_full(self) -> bool:
        return len(self._calls) >= CALLS_MAX

    def open(self, caller: "Party", callee: "Party", now_ms: int) -> Call:
        """Both must be in no call, and there must be room."""
        assert len(self._calls) < CALLS_MAX, "more calls than there is room for"
        while self._next in self._calls:
            self._advance()
        assert caller is not callee and not caller.call and not callee.call, "in two calls at once"
        call = Call(self._next, caller, callee, now_ms)
        self._advance()  # numbers are not used again soon: late datagrams may speak of the old
        self._calls[call.group] = call
        caller.call = callee.call = call.group
        return call

    @property
    def next_group(self) -> int:
        """The number that has been unused for longest."""
        return self._next

    def go_on_from(self, group: int) -> None:
        """For a leader that takes over."""
        self._next = max(CALL_GROUP_FIRST, group)

    def take_over(self, group: int, caller: "Party", callee: "Party", quiet_ms: int) -> None:
        """A call of the previous leader, quiet since `quiet_ms`."""
        assert caller is not callee and not caller.call and not callee.call, "in two calls at once"
        call = Call(group, caller, callee, quiet_ms)
        call.is_answered = True  # unknown here, and nobody is held off on a guess
        self._calls[group] = call
        caller.call = callee.call = group

    def _advance(self) -> None:
        self._next = self._next + 1 if self._next < 255 else CALL_GROUP_FIRST

    def close(self, call: Call) -> None:
        assert call.caller.call == call.callee.call == call.group, "a call with one side only"
        del self._calls[call.group]
        call.caller.call = call.callee.call = 0

    def groups(self) -> "list[int]":
        return sorted(self._calls)

    def due_ms(self, group: int) -> int:
        """When the call has been quiet for the hang time."""
        return add(self._calls[group].quiet_ms, self.hang_ms)
