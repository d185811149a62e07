"""Somebody on the path between badges and their leader, or between two hosts, who sees all that
passes, and can keep it back or add to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple

from pressel.transport.udp import Address


class Seen(NamedTuple):
    """`who`: the badge, or host, by the order in which they spoke up; `is_up`: to the leader, or
    the host behind the tap."""

    who: int
    is_up: bool
    data: bytes


class Heard(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, Address], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._heard(data, addr)


class Tap:
    """`address` is the leader for badges. `passes(seen)`: what travels on in place of a datagram,
    the same way; by default the datagram itself."""

    def __init__(self, leader: str) -> None:
        host, port = leader.split(":")
        self._leader = (host, int(port))
        self._front: asyncio.DatagramTransport | None = None
        self._badges: list[Address] = []
        self._backs: list[asyncio.DatagramTransport] = []  # of each badge, towards the leader
        self._is_closed = False
        self.seen: list[Seen] = []
        self.passes: Callable[[Seen], Iterable[bytes]] = lambda seen: (seen.data,)

    async def open(self) -> None:
        self._front = await self._port(self._from_badge)

    def close(self) -> None:
        self._is_closed = True
        for port in (self._front, *self._backs):
            if port is not None:
                port.close()

    def cut(self) -> None:
        """Nothing passes any more, until `mend`."""
        self.passes = lambda seen: ()

    def mend(self) -> None:
        self.passes = lambda seen: (seen.data,)

    def call_out(self, data: bytes, port: int) -> None:
        """Send it as if the leader had said it to everybody, `port` among them."""
        assert self._front is not None
        self._front.sendto(data, ("127.0.0.1", port))

    @property
    def address(self) -> str:
        assert self._front is not None
        return "{}:{}".format(*self._front.get_extra_info("sockname"))

    def at(self, address: str) -> int:
        """The badge that the leader knows by `address`."""
        names = ["{}:{}".format(*back.get_extra_info("sockname")) for back in self._backs]
        return names.index(address)

    def send(self, who: int, is_up: bool, data: bytes) -> None:
        """Send it as if the badge had said it to the leader, or the leader to the badge: the
        addresses fit."""
        if self._is_closed:
            return  # what was on its way
        if is_up:
            self._backs[who].sendto(data, self._leader)
        elif self._front is not None:
            self._front.sendto(data, self._badges[who])

    async def _port(self, heard: Callable[[bytes, Address], None]) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        port, _ = await loop.create_datagram_endpoint(
            lambda: Heard(heard), local_addr=("127.0.0.1", 0)
        )
        return port

    def _from_badge(self, data: bytes, source: Address) -> None:
        if source not in self._badges:
            asyncio.get_running_loop().create_task(self._welcome(data, source))
            return
        self._pass_on(Seen(self._badges.index(source), True, data))

    async def _welcome(self, data: bytes, source: Address) -> None:
        """A badge that speaks for the first time gets a path to the leader of its own."""
        back = await self._port(lambda data, _: self._pass_on(Seen(who, False, data)))
        if source in self._badges:  # it spoke twice meanwhile
            back.close()
            return
        who = len(self._badges)
        self._badges.append(source)
        self._backs.append(back)
        self._pass_on(Seen(who, True, data))

    def _pass_on(self, seen: Seen) -> None:
        self.seen.append(seen)
        for data in self.passes(seen):
            self.send(seen.who, seen.is_up, data)


@contextlib.asynccontextmanager
async def tapped(leader: str) -> AsyncIterator[Tap]:
    tap = Tap(leader)
    await tap.open()
    try:
        yield tap
    finally:
        tap.close()
