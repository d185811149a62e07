"""mDNS for the bridge: announces it, and tells of the old apps that announce themselves."""

from __future__ import annotations

from collections.abc import Callable

from pressel.mdns import Mdns

from .app import App, instance_name, read_instance_name
from .limits import APPS_MAX, SERVICE


class Discovery:
    """`found` gets each app, `lost` the device id of one that leaves."""

    def __init__(self, found: Callable[[App], None], lost: Callable[[str], None]) -> None:
        self._found = found
        self._lost = lost
        self._mdns = Mdns(SERVICE, APPS_MAX, self._changed)

    async def open(self, host: str, port: int, name: str, device: str) -> None:
        """Announce a server at `host` and look for others, as `Mdns.open`."""
        await self._mdns.open(instance_name(name, device), f"{device}.local.", (host, port))

    async def close(self) -> None:
        """Safe to call whatever happened before."""
        await self._mdns.close()

    def _changed(self, instance: str, is_there: bool) -> None:
        try:
            name, device = read_instance_name(instance)
        except ValueError:
            return
        if is_there:
            self._mdns.look_up(instance, lambda address: self._found(App(device, name, *address)))
        else:
            self._lost(device)
