"""What the run put on the network: datagrams, bytes, and the share of the air they took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..world import World


class Traffic:
    """Reads the network's own counts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def figures(self) -> dict[str, Any]:
        network = self._world.network
        airtime = network.airtime_percent()
        figures = {
            "datagrams": network.datagrams,
            "bytes": network.bytes,
            "airtime_percent": None if airtime is None else round(airtime, 3),
        }
        if not self._world.standbys:
            return figures
        between = {"host_datagrams": network.wire_datagrams, "host_bytes": network.wire_bytes}
        return {**figures, **between}
