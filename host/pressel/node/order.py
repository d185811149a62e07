"""Whether what badges send comes once, and in the order in which it was sent: of late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ptt.leader.leader import Leader
from ptt.wire import refusal

LOOK_S = 5.0  # a moment: a badge that talks sends 80 datagrams and more meanwhile
MOMENTS_MAX = 180  # a quarter of an hour: as long as the console judges by
DATAGRAMS_MIN = 30  # in a moment: of fewer, one that is sent again by chance would count for much

_Counts = tuple[int, int, int]  # accepted, come again, overtaken


class Order:
    """`leader` gives the engine that leads here, or None."""

    def __init__(self, leader: Callable[[], Leader | None]) -> None:
        self._leader = leader
        self._engine: Leader | None = None
        self._before: _Counts = (0, 0, 0)
        self._moments: deque[tuple[int, int]] = deque(maxlen=MOMENTS_MAX)

    async def look(self, number: int) -> None:
        """As a chore, each LOOK_S."""
        self.note()

    def note(self) -> None:
        """A moment is over."""
        leader = self._leader()
        if leader is None:
            self._engine = None
            return
        now = _counts(leader)
        came, again, overtaken = (n - was for n, was in zip(now, self._before, strict=True))
        if leader is self._engine and came >= DATAGRAMS_MIN:
            # A storm brings each of them many times: then all have come again.
            self._moments.append((min(100, 100 * again // came), 100 * overtaken // came))
        else:
            self._moments.append((0, 0))
        self._engine, self._before = leader, now

    @property
    def twice_percent(self) -> int:
        """Of the datagrams that came, so many came again."""
        return _second(sorted(twice for twice, _ in self._moments))

    @property
    def overtaken_percent(self) -> int:
        """Of the datagrams that came, so many came after some that were sent later."""
        return _second(sorted(overtaken for _, overtaken in self._moments))


def _counts(leader: Leader) -> _Counts:
    refusals = leader.refusals
    return refusals[refusal.ACCEPTED], refusals[refusal.REPLAY], leader.inbound.overtaken


def _second(shares: list[int]) -> int:
    """That of the second worst moment: once happens by chance, as when a badge roams."""
    return shares[-2] if len(shares) > 1 else 0
