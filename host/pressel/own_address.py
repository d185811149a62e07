"""Where this machine is, as others on its network see it."""

from __future__ import annotations

import socket

_MDNS = ("224.0.0.251", 5353)


def own_address() -> str:
    """The address that this machine has on its network; OSError when it is on none. Nothing is
    sent: connecting a UDP socket only chooses the way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_MDNS)
        return probe.getsockname()[0]
