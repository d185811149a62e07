"""What each key has been used for: a number under which something was sealed, or a frame ciphered,
must not come again under the same key. Whoever listens could tell what was said from two such
frames, and take the key of a group out of two such datagrams.
"""

from __future__ import annotations

from typing import Callable

Burst = tuple[int, int, int]  # the key, its epoch and who talks


class Ledger:
    """Of one run, for all of its nodes. `tell(what)` hears of each number that comes again."""

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = _nobody
        self._sealed: dict[bytes, int] = {}  # by key: the number of the last datagram
        self._spoken: dict[Burst, tuple[int, int, int, bytes]] = {}  # the last packet of each

    def seal(self, key: bytes, number: int) -> None:
        """A datagram of `number` is sealed with `key`; those of one sender go out in order."""
        if number <= self._sealed.get(key, 0):
            self.tell(f"a datagram of number {number} is sealed again under one key")
        self._sealed[key] = number

    def speak(self, by: Burst, lease: int, number: int, count: int, mark: bytes) -> None:
        """`count` frames from `number` on are ciphered, the first with `mark` in it. A packet may
        be said again as it was."""
        before = self._spoken.get(by)
        now = self._spoken[by] = (lease, number, count, mark)
        if before is None or before == now:
            return
        if (lease, number) < (before[0], before[1] + before[2]):
            self.tell(f"node {by[2]} ciphers frame {number} of lease {lease} again, unlike before")


def _nobody(what: str) -> None:
    """Nobody listens: the explorer, which has no run."""
