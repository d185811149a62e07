"""UDP to the leader: one non-blocking socket, drops counted instead of raised."""

import select
import socket
from errno import ENOMEM

from micropython import const

from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import DATAGRAM_BYTES_MAX

if TYPE_CHECKING:
    from ptt.base.outbox import Datagram

_READ_BYTES = DATAGRAM_BYTES_MAX + 1  # one more, so that an oversized one is seen as such
_TICK_MS = const(10)  # what FreeRTOS counts by
_STARVED_MAX = const(3)  # looks in a row: an update has given its room with the first
_ENOBUFS = const(105)  # lwIP's other word for it; MicroPython's `errno` does not have it


class Radio:
    """A socket on any free port; may send to a broadcast address."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.bind(("0.0.0.0", 0))
        self.poller = select.poll()  # of all sockets from which `receive` takes
        self.poller.register(self._socket, select.POLLIN)
        self.send_drops = 0  # for whatever reason: no memory, no route, no address resolution yet
        self.no_memory = 0  # of these, those for want of memory: the driver has too few buffers
        self.starved = 0  # looks in a row for which there was no memory

    def receive(self) -> "tuple | None":
        """The next (bytes, address). None when nothing has come, and without memory for it, as
        `starved` tells whoever has some to give; MemoryError when nobody gave any."""
        try:
            for ready in self.poller.ipoll(0):  # to ask makes no garbage, an exception does
                came = ready[0].recvfrom(_READ_BYTES)
                self.starved = 0
                return came
        except OSError:
            pass
        except MemoryError:  # so much in one piece; the datagram waits
            self.starved += 1
            if self.starved > _STARVED_MAX:
                raise
        return None

    def send(self, datagram: "Datagram") -> None:
        """Send at once or drop: a badge never waits for its radio."""
        try:
            self._socket.sendto(datagram.data, datagram.destination)
        except OSError as error:
            self.send_drops += 1
            if error.errno == ENOMEM or error.errno == _ENOBUFS:
                self.no_memory += 1

    def wait(self, timeout_ms: int) -> None:
        """Sleep for `timeout_ms`, less a part of a tick, or until a datagram comes. The port waits
        for whole ticks, and looks for datagrams when one ends."""
        self.poller.poll(max(1, timeout_ms - (_TICK_MS - 1)))
