"""Does a burst come, from whomever, as it should? Its frames need no order here: the playout has
one, and takes each once.

A talker whose own network is silent looks like a relay that is: the leader is asked, and has
nothing.
"""

from ..base.clock import NEVER, add, since
from ..base.compat import const

SILENT_MS = const(170)  # almost three packets of 60 ms; a relay's wire adds little to a way by air
_FIRST_MS = const(240)  # until the first comes: a grant that was repeated, the way up
_TRIES_MAX = const(4)  # then nobody has it any more
_RETRY_MS = const(100)  # doubles: a busy round trip


class Watch:
    """The burst `lease`, which has begun."""

    __slots__ = ("_due_ms", "_tries", "is_done", "lease", "next")

    def __init__(self, lease: int, now_ms: int) -> None:
        self.lease = lease
        self.next = 0  # number of the frame behind the last that has come
        self.is_done = False  # its end has come, or nobody talks any more
        self._tries = 0
        self._due_ms = add(now_ms, _FIRST_MS)

    def came(self, end: int, is_last: bool, now_ms: int) -> None:
        """Frames of it, up to number `end`."""
        self.next = max(self.next, end)
        self.is_done = self.is_done or is_last
        self._tries = 0
        self._due_ms = add(now_ms, SILENT_MS)

    def over(self) -> None:
        """The leader says that nobody talks under this lease any more: what is missing is asked
        for twice more."""
        self._tries = max(self._tries, _TRIES_MAX - 2)

    @property
    def is_under_way(self) -> bool:
        """May more of it come?"""
        return not self.is_done and self._tries < _TRIES_MAX

    def is_due(self, now_ms: int) -> bool:
        """Should the leader be asked to send it?"""
        due_ms = self.next_timeout_ms()
        return due_ms != NEVER and since(now_ms, due_ms) >= 0

    def asked(self, now_ms: int) -> None:
        """It was."""
        self._due_ms = add(now_ms, _RETRY_MS << self._tries)
        self._tries += 1

    def next_timeout_ms(self) -> int:
        """When it should be asked, or `NEVER`."""
        return self._due_ms if self.is_under_way else NEVER
