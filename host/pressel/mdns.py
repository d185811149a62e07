"""One service on mDNS: announces ours, and tells of others of its kind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from zeroconf import Error, InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from pressel.own_address import own_address
from pressel.transport.udp import Address

EVERYWHERE = "0.0.0.0"
LOOK_S = 3.0  # at this machine's address; a look costs two system calls
_RESOLVE_MS = 3_000  # who does not answer by then announces itself again


class Mdns:
    """`changed` gets the name of each instance of `service`, and whether it is there or leaves;
    ours is left out. At most `lookups_max` are looked up at a time: anybody may announce any
    number."""

    def __init__(
        self, service: str, lookups_max: int, changed: Callable[[str, bool], None]
    ) -> None:
        self._service = service
        self._lookups_max = lookups_max
        self._on_changed = changed
        self._own = ""
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._lookups: set[asyncio.Task[None]] = set()

    async def open(self, name: str, server: str, address: Address) -> None:
        """Announce `name` at `address` (0.0.0.0: the one this machine has on its network) as
        host `server`, and look for others.

        On a loopback address nothing leaves this machine. Raises OSError; may be tried again."""
        await self.close()
        try:
            await self._open(name, server, *address)
        except Error as error:
            raise OSError(f"mDNS: {type(error).__name__} {error}") from error

    async def keep(
        self, name: str, server: str, address: Address, tell: Callable[[str], None]
    ) -> None:
        """`open`, until cancelled: anew whenever this machine's address changes, and again where
        it failed, of which `tell` gets the reason, once. A box may be up before its network is."""
        announced: str | None = None
        told = ""
        while True:
            now = _own(address[0])
            if now != announced:
                try:
                    await self.open(name, server, address)
                    announced, told = now, ""
                except OSError as error:
                    announced, reason = None, error.strerror or str(error)
                    if reason != told:
                        tell(reason)
                    told = reason
            await asyncio.sleep(LOOK_S)

    async def _open(self, name: str, server: str, ip: str, port: int) -> None:
        own = own_address() if ip == EVERYWHERE else ip
        interfaces = InterfaceChoice.Default if ip == EVERYWHERE else [ip]
        self._zeroconf = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
        self._own = name
        info = AsyncServiceInfo(
            self._service,
            f"{name}.{self._service}",
            port=port,
            server=server,
            parsed_addresses=[own],
        )
        self._browser = AsyncServiceBrowser(
            self._zeroconf.zeroconf, self._service, handlers=[self._changed]
        )
        await self._zeroconf.async_register_service(info)

    async def close(self) -> None:
        """Safe to call whatever happened before."""
        for lookup in self._lookups:
            lookup.cancel()
        if self._browser is not None:
            await self._browser.async_cancel()
            self._browser = None
        if self._zeroconf is not None:
            zeroconf, self._zeroconf = self._zeroconf, None
            with contextlib.suppress(OSError, Error):
                await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    def look_up(self, name: str, found: Callable[[Address], None]) -> None:
        """`found` gets the address of instance `name`, if it answers."""
        if self._zeroconf is not None and len(self._lookups) < self._lookups_max:
            lookup = asyncio.ensure_future(self._look_up(self._zeroconf.zeroconf, name, found))
            self._lookups.add(lookup)
            lookup.add_done_callback(self._lookups.discard)

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        """Called on the event loop."""
        instance = name.removesuffix(f".{service_type}")
        if instance != self._own:
            self._on_changed(instance, state_change is not ServiceStateChange.Removed)

    async def _look_up(
        self, zeroconf: Zeroconf, name: str, found: Callable[[Address], None]
    ) -> None:
        info: Any = AsyncServiceInfo(self._service, f"{name}.{self._service}")
        if await info.async_request(zeroconf, _RESOLVE_MS) and info.port:
            for address in info.parsed_addresses(IPVersion.V4Only)[:1]:
                found((address, info.port))


def _own(ip: str) -> str:
    """The address that is announced for `ip`; "" while this machine is on no network."""
    try:
        return own_address() if ip == EVERYWHERE else ip
    except OSError:
        return ""
