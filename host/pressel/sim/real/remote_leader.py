"""The leader's place in a crowd's network: what arrives here goes out through a real socket."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

from pressel.sim.world import record
from pressel.sim.world.venue import LEADER

if TYPE_CHECKING:
    from pressel.sim.world.world import World

    from .loop import RealLoop

_BUFFER_BYTES = 1 << 19  # the mailbox of a badge is imitated behind it


class RemoteLeader:
    """One socket for each participant of the crowd, to the leader at `address`."""

    number = LEADER
    is_wired = True

    def __init__(self, world: World, loop: RealLoop, address: tuple[str, int]) -> None:
        self._world = world
        self._loop = loop
        self._address = address
        self._sockets: dict[int, socket.socket] = {}
        self.send_errors = 0  # the kernel would not take them

    def arrive(self, data: Any, source: int) -> None:
        """A datagram has crossed the imitated air: put it on the real network."""
        opened = self._sockets.get(source)
        if opened is None:
            opened = self._sockets[source] = self._open(source)
        with contextlib.suppress(ConnectionError):
            try:
                opened.sendto(data, self._address)
            except BlockingIOError:
                self.send_errors += 1

    def _open(self, number: int) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        opened.bind(("127.0.0.1", 0))

        def take(data: bytes, _: Any) -> None:
            self._world.note(record.SENT, LEADER, number, len(data), data)
            self._world.network.carry(LEADER, number, data)

        self._loop.listen(opened, take)
        return opened
