"""A virtual badge's place in a crowd: its datagrams cross the imitated air between two sockets."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

from pressel.sim.world import record
from pressel.sim.world.air.network import BROADCAST

if TYPE_CHECKING:
    from pressel.sim.world.world import World

    from .loop import RealLoop


class Proxy:
    """Participant `number`, whose firmware takes `address` for the leader's."""

    is_wired = False

    def __init__(self, world: World, loop: RealLoop, number: int) -> None:
        self.number = number
        self._world = world
        self._badge: Any = None  # its address, once it has sent something
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        loop.listen(self._socket, self._take)

    def arrive(self, data: Any, source: int) -> None:
        """From the leader, across the air, to the badge."""
        self._world.note(record.DELIVERED, self.number, source, len(data), data)
        if self._badge is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(data, self._badge)

    def _take(self, data: bytes, address: Any) -> None:
        self._badge = address
        self._world.network.send(self.number, BROADCAST, data)
