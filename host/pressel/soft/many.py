"""The second socket of a soft badge, on which voice comes that is sent once for many."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from pressel.transport.udp import SOCKET_BUFFER_BYTES, Address, address_of, engine_now_ms
from ptt.badge.participant import Participant
from ptt.multicast.listener import Listener
from ptt.relayed.ear import Ear

LOOK_S = 0.5  # the leader says where to listen once, and long before anybody speaks


class Hearer:
    """`participant`, its ear for multicast and the one for relays as one engine."""

    def __init__(self, participant: Participant) -> None:
        self.listener = Listener(participant)
        self.ear = Ear(participant, self.listener)
        self.receive_datagram = self.ear.receive_datagram
        self.handle_timeout = participant.handle_timeout
        self.next_timeout_ms = participant.next_timeout_ms
        self.poll_transmit = participant.poll_transmit
        self.next_event = participant.next_event


class ManySocket(asyncio.DatagramProtocol):
    """Listens where the leader of `hearer` says; `received` is called behind each datagram."""

    def __init__(self, hearer: Hearer, received: Callable[[], None]) -> None:
        self._hearer = hearer
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None
        self._place: tuple[bytes, int] | None = None
        self._why_not = ""  # the system would not let us listen there

    async def follow(self, leader: Callable[[], Address]) -> None:
        """Until cancelled. `leader`: where it is, since its network is the one to listen in."""
        try:
            while True:
                if self._place != self._hearer.listener.place:
                    self._place = self._hearer.listener.place
                    await self._move(leader())
                await asyncio.sleep(LOOK_S)
        finally:
            self.close()

    def lines(self) -> list[str]:
        """For the person: what comes here; none when the leader sends nothing to many."""
        if self._place is None:
            return []
        host, port = address_of(*self._place)
        if self._why_not:
            why = self._why_not
            return [f"cannot listen at {host}:{port} ({why}): all comes to this badge alone"]
        count = self._hearer.listener.heard(engine_now_ms()).bit_count()
        return [f"voice for many at {host}:{port}: {count} of the newest 16 probes came"]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._hearer.receive_datagram(data, addr, engine_now_ms())
        self._received()

    async def _move(self, leader: Address) -> None:
        self.close()
        self._why_not = ""
        if self._place is None:
            return
        try:
            bound = _listening(address_of(*self._place), leader)
        except OSError as error:  # then it hears no probe, and gets all alone
            self._why_not = error.strerror or str(error)
            return
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=bound)


def _listening(place: Address, leader: Address) -> socket.socket:
    """A socket for what is sent to `place`, on the interface through which `leader` is reached."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # others on this machine, too
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        bound.setblocking(False)
        try:
            bound.bind(place)
        except OSError:  # elsewhere than on Linux only to all addresses
            bound.bind(("", place[1]))
        wanted = socket.inet_aton(place[0]) + socket.inet_aton(_own_address(leader))
        bound.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
    except OSError:
        bound.close()
        raise
    return bound


def _own_address(leader: Any) -> str:
    """Ours, as `leader` sees it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(leader)
        return str(asking.getsockname()[0])
