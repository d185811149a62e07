"""How hosts of a venue find each other: mDNS, and a broadcast for networks that filter it.

These are only hints: the channel proves who answers at an address. Where a network keeps clients
apart neither helps, and the operator names the other hosts with --peer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from zeroconf import Error, InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from pressel.own_address import own_address
from pressel.transport.udp import Address

SERVICE = "_pressel-host._udp.local."
EVERYWHERE = "0.0.0.0"
BEACON = b"\x04pressel"  # then the 8 bytes of the host; first bytes 1 to 3 are the channel's
BEACON_BYTES = len(BEACON) + 8
BEACON_S = 2.0  # while somebody is missing
JOBS_MAX = 16  # names looked up at a time; anybody may announce any number
_RESOLVE_MS = 3_000  # who does not answer by then announces itself again


def beacon(host: bytes) -> bytes:
    return BEACON + host


def read_beacon(data: bytes) -> bytes | None:
    """The host that announces itself, None for anything else."""
    if len(data) != BEACON_BYTES or not data.startswith(BEACON):
        return None
    return data[len(BEACON) :]


class Discovery:
    """mDNS: announces this host, and gives `found` (host, address) of others."""

    def __init__(self, host: bytes, found: Callable[[bytes, Address], None]) -> None:
        self._host = host
        self._found = found
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._jobs: set[asyncio.Task[None]] = set()

    async def open(self, address: Address) -> None:
        """Announce `address`, the channel's (0.0.0.0: the one this machine has on its network).

        On a loopback address nothing leaves this machine. Raises OSError; may be tried again."""
        try:
            await self._open(*address)
        except Error as error:
            raise OSError(f"mDNS: {type(error).__name__} {error}") from error

    async def _open(self, ip: str, port: int) -> None:
        own = own_address() if ip == EVERYWHERE else ip
        interfaces = InterfaceChoice.Default if ip == EVERYWHERE else [ip]
        self._zeroconf = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
        name = self._host.hex()
        info = AsyncServiceInfo(
            SERVICE,
            f"{name}.{SERVICE}",
            port=port,
            server=f"pressel-{name}.local.",
            parsed_addresses=[own],
        )
        self._browser = AsyncServiceBrowser(
            self._zeroconf.zeroconf, SERVICE, handlers=[self._changed]
        )
        await self._zeroconf.async_register_service(info)

    async def close(self) -> None:
        """Safe to call whatever happened before."""
        for job in self._jobs:
            job.cancel()
        if self._browser is not None:
            await self._browser.async_cancel()
        if self._zeroconf is not None:
            with contextlib.suppress(OSError, Error):
                await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        """Called on the event loop."""
        try:
            host = bytes.fromhex(name.removesuffix(f".{service_type}"))
        except ValueError:
            return
        is_there = state_change is not ServiceStateChange.Removed
        if len(host) == 8 and host != self._host and is_there and len(self._jobs) < JOBS_MAX:
            job = asyncio.ensure_future(self._resolve(zeroconf, name, host))
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)

    async def _resolve(self, zeroconf: Zeroconf, name: str, host: bytes) -> None:
        info: Any = AsyncServiceInfo(SERVICE, name)
        if await info.async_request(zeroconf, _RESOLVE_MS) and info.port:
            for address in info.parsed_addresses(IPVersion.V4Only)[:1]:
                self._found(host, (address, info.port))
