"""How hosts of a venue find each other: mDNS, and a broadcast for networks that filter it.

These are only hints: the channel proves who answers at an address. Where a network keeps clients
apart neither helps, and the operator names the other hosts with --peer.
"""

from __future__ import annotations

from collections.abc import Callable

from pressel.mdns import Mdns
from pressel.transport.udp import Address

SERVICE = "_pressel-host._udp.local."
BEACON = b"\x04pressel"  # then the 8 bytes of the host; first bytes 1 to 3 are the channel's
HOST_BYTES = 8
BEACON_BYTES = len(BEACON) + HOST_BYTES
BEACON_S = 2.0  # while somebody is missing
JOBS_MAX = 16  # names looked up at a time; anybody may announce any number


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
        self._mdns = Mdns(SERVICE, JOBS_MAX, self._changed)

    async def keep(self, address: Address, tell: Callable[[str], None]) -> None:
        """Announce `address`, the channel's, as `Mdns.keep`."""
        name = self._host.hex()
        await self._mdns.keep(name, f"pressel-{name}.local.", address, tell)

    async def close(self) -> None:
        """Safe to call whatever happened before."""
        await self._mdns.close()

    def _changed(self, instance: str, is_there: bool) -> None:
        try:
            host = bytes.fromhex(instance)
        except ValueError:
            return
        if len(host) == HOST_BYTES and is_there:
            self._mdns.look_up(instance, lambda address: self._found(host, address))
