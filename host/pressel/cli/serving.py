"""Where a command serves pages: a port of its own, taken before anything else is begun."""

from __future__ import annotations

import socket

from pressel.errors import UsageError
from pressel.transport.udp import Address


def open_port(address: Address) -> socket.socket:
    """A TCP socket there. UsageError when the place is taken, or is not this machine's."""
    try:
        return socket.create_server(address)
    except OSError as error:
        where = f"{address[0]}:{address[1]}"
        raise UsageError(
            f"cannot serve at {where}: {error.strerror or error}; choose another with --listen"
        ) from error
