"""Datagrams that wait to be sent, in buffers made once, so that talking allocates nothing.

An engine writes into the buffer that `reserve` gives and calls `commit`; the adapter fetches
with `poll`. What is not fetched in time is overwritten, oldest first, and counted.
"""

from .compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class Datagram:
    """One outgoing datagram: `data` (bytes-like, exactly what to send) and `destination`."""

    __slots__ = ("_view", "buffer", "data", "destination")

    def __init__(self, size_bytes: int) -> None:
        self.buffer = bytearray(size_bytes)
        self._view = memoryview(self.buffer)
        self.data = self._view[0:0]
        self.destination: Any = None

    def resize(self, length_bytes: int) -> None:
        """Make `data` the first `length_bytes` of the buffer; free while the length is kept."""
        if len(self.data) != length_bytes:
            self.data = self._view[0:length_bytes]


class Outbox:
    """A ring of `slots` datagrams of at most `size_bytes` each."""

    def __init__(self, slots: int, size_bytes: int) -> None:
        ring = []
        for _ in range(slots):
            ring.append(Datagram(size_bytes))
        self._ring = ring
        self._head = 0  # next to fetch
        self._count = 0
        self.overrun = 0  # datagrams lost because nobody fetched

    def reserve(self) -> "Datagram":
        """The slot to write next; nothing is queued before `commit`."""
        if self._count == len(self._ring):
            self._head = (self._head + 1) % len(self._ring)
            self._count -= 1
            self.overrun += 1
        return self._ring[(self._head + self._count) % len(self._ring)]

    def commit(self) -> None:
        """Queue the slot that `reserve` gave last."""
        self._count += 1

    def poll(self) -> "Datagram | None":
        """The oldest datagram, valid until the next `reserve`, or None."""
        if self._count == 0:
            return None
        datagram = self._ring[self._head]
        self._head = (self._head + 1) % len(self._ring)
        self._count -= 1
        return datagram
