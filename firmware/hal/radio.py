"""UDP to the leader: one non-blocking socket, drops counted instead of raised."""

import select
import socket

from ptt.compat import TYPE_CHECKING
from ptt.numbers import DATAGRAM_BYTES_MAX

if TYPE_CHECKING:
    from ptt.outbox import Datagram

_READ_BYTES = DATAGRAM_BYTES_MAX + 1  # one more, so that an oversized one is seen as such


class Radio:
    """A socket on any free port; may send to a broadcast address."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.bind(("0.0.0.0", 0))
        self._poller = select.poll()
        self._poller.register(self._socket, select.POLLIN)
        self.send_drops = 0  # no memory (ENOMEM), no route, no address resolution yet

    def receive(self) -> "tuple | None":
        """The next (bytes, address), or None when nothing has come."""
        try:
            return self._socket.recvfrom(_READ_BYTES)
        except OSError:
            return None

    def send(self, datagram: "Datagram") -> None:
        """Send at once or drop: a badge never waits for its radio."""
        try:
            self._socket.sendto(datagram.data, datagram.destination)
        except OSError:
            self.send_drops += 1

    def wait(self, timeout_ms: int) -> None:
        """Sleep until a datagram comes, at most `timeout_ms`."""
        self._poller.poll(timeout_ms)
