"""mDNS for the bridge: announces it, and tells of the old apps that announce themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from zeroconf import Error, InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from pressel.own_address import own_address

from .app import App, instance_name, read_instance_name
from .limits import APPS_MAX, SERVICE

_RESOLVE_MS = 3_000  # an app that does not answer by then announces itself again


class Discovery:
    """`found` gets each app, `lost` the device id of one that leaves."""

    def __init__(self, found: Callable[[App], None], lost: Callable[[str], None]) -> None:
        self._found = found
        self._lost = lost
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._own = ""

    async def open(self, host: str, port: int, name: str, device: str) -> None:
        """Announce a server at `host` (0.0.0.0: every address here) and look for others.

        On a loopback address nothing leaves this machine. Raises OSError; may be tried again."""
        await self.close()
        try:
            await self._open(host, port, name, device)
        except Error as error:
            raise OSError(f"mDNS: {type(error).__name__} {error}") from error

    async def _open(self, host: str, port: int, name: str, device: str) -> None:
        address = own_address() if host == "0.0.0.0" else host
        interfaces = InterfaceChoice.Default if host == "0.0.0.0" else [host]
        self._zeroconf = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
        self._own = f"{instance_name(name, device)}.{SERVICE}"
        info = AsyncServiceInfo(
            SERVICE,
            self._own,
            port=port,
            server=f"{device}.local.",
            parsed_addresses=[address],
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
            self._browser = None
        if self._zeroconf is not None:
            zeroconf, self._zeroconf = self._zeroconf, None
            with contextlib.suppress(OSError, Error):
                await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        """Called on the event loop."""
        try:
            app_name, device = read_instance_name(name.removesuffix(f".{service_type}"))
        except ValueError:
            return
        if name == self._own:
            return
        if state_change is ServiceStateChange.Removed:
            self._lost(device)
        elif len(self._jobs) < APPS_MAX:
            job = asyncio.ensure_future(self._resolve(zeroconf, name, app_name, device))
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)

    async def _resolve(self, zeroconf: Zeroconf, name: str, app_name: str, device: str) -> None:
        info: Any = AsyncServiceInfo(SERVICE, name)
        if await info.async_request(zeroconf, _RESOLVE_MS) and info.port:
            addresses = info.parsed_addresses(IPVersion.V4Only)
            if addresses:
                self._found(App(device, app_name, addresses[0], info.port))
