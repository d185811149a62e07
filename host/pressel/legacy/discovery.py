"""mDNS for the bridge: announces it, and tells of the old apps that announce themselves."""

from __future__ import annotations

from collections.abc import Callable

from pressel.mdns import Mdns

from .app import App, instance_name, read_instance_name
from .directory import PLACES_MAX
from .limits import APPS_MAX, SERVICE


class Discovery:
    """`found` gets each app, `lost` the device id of one that leaves: with its last announcement,
    where a stale one stands beside its own."""

    def __init__(self, found: Callable[[App], None], lost: Callable[[str], None]) -> None:
        self._found = found
        self._lost = lost
        self._mdns = Mdns(SERVICE, APPS_MAX, self._changed)
        self._instances: dict[str, set[str]] = {}  # by device, as the network holds them

    async def keep(
        self, host: str, port: int, name: str, device: str, tell: Callable[[str], None]
    ) -> None:
        """Announce a server at `host` and look for others, as `Mdns.keep`."""
        instance = instance_name(name, device)
        await self._mdns.keep(instance, f"{device}.local.", (host, port), tell)

    async def close(self) -> None:
        """Safe to call whatever happened before."""
        await self._mdns.close()

    def _changed(self, instance: str, is_there: bool) -> None:
        try:
            name, device = read_instance_name(instance)
        except ValueError:
            return
        instances = self._instances.get(device, set())
        if is_there:
            if instances or len(self._instances) < APPS_MAX:
                self._instances[device] = {*sorted(instances)[: PLACES_MAX - 1], instance}
            self._mdns.look_up(instance, lambda address: self._found(App(device, name, *address)))
            return
        instances.discard(instance)
        if not instances:
            self._instances.pop(device, None)
            self._lost(device)
