"""The way between one badge and all hosts: a proxy that loses, delays and turns over as a radio
does, by the simulator's own path."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from pressel.sim.world.air.path import Path
from pressel.transport.udp import Address
from ptt.base.prng import Prng

_STEP_US = 1  # the machine's own clock is as fine


class _Port(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, Address], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._heard(data, addr)


class Way:
    """`path`: the facts of a network profile. `front` is the leader for the badge; hosts know the
    badge by the port behind."""

    def __init__(self, hosts: Sequence[Address], path: dict[str, Any], seed: int) -> None:
        self._hosts = tuple(hosts)
        self._up, self._down = (Path(path, Prng(seed + n), _STEP_US) for n in (1, 2))
        self._badge: Address | None = None
        self._silent_until_s = 0.0
        self._front: asyncio.DatagramTransport | None = None
        self._back: asyncio.DatagramTransport | None = None

    async def open(self) -> Address:
        """Returns `front`."""
        self._front = await self._port(self._from_badge)
        await self.move()
        return self._front.get_extra_info("sockname")

    async def move(self) -> None:
        """Hosts see the badge at another address from now on."""
        former, self._back = self._back, await self._port(self._from_host)
        if former is not None:
            former.close()

    def silence(self, lasts_s: float) -> None:
        """Nothing passes for so long."""
        self._silent_until_s = time.monotonic() + lasts_s

    def close(self) -> None:
        for port in (self._front, self._back):
            if port is not None:
                port.close()

    async def _port(self, heard: Callable[[bytes, Address], None]) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        port, _ = await loop.create_datagram_endpoint(
            lambda: _Port(heard), local_addr=("127.0.0.1", 0)
        )
        return port

    def _from_badge(self, data: bytes, source: Address) -> None:
        self._badge = source  # another port after each start
        for due_s in self._arrivals(self._up, data):
            asyncio.get_running_loop().call_later(due_s, self._to_hosts, data)

    def _from_host(self, data: bytes, source: Address) -> None:
        for due_s in self._arrivals(self._down, data):
            asyncio.get_running_loop().call_later(due_s, self._to_badge, data)

    def _arrivals(self, path: Path, data: bytes) -> list[float]:
        """In so many seconds, once or twice, or not at all."""
        now_us = time.monotonic_ns() // 1000
        if now_us < self._silent_until_s * 1_000_000:
            return []
        return [(at - now_us) / 1e6 for at in path.transit(now_us, len(data)) if at >= 0]

    def _to_hosts(self, data: bytes) -> None:
        """Whoever does not lead does not answer."""
        if self._back is not None and not self._back.is_closing():
            for host in self._hosts:
                self._back.sendto(data, host)

    def _to_badge(self, data: bytes) -> None:
        if self._front is not None and self._badge is not None and not self._front.is_closing():
            self._front.sendto(data, self._badge)
