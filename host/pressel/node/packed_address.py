"""A badge's address as a leader writes it down for its standbys: six bytes, IPv4 and port."""

from __future__ import annotations

import ipaddress
import socket

from pressel.transport.udp import Address

_BYTES = 6


def packed(address: Address) -> bytes:
    """Four bytes of IPv4, and the port."""
    return socket.inet_aton(address[0]) + address[1].to_bytes(2, "big")


def unpacked(data: bytes) -> Address | None:
    """None: a badge cannot be there, whoever says so."""
    if len(data) != _BYTES:
        return None
    host, port = ipaddress.IPv4Address(data[:4]), int.from_bytes(data[4:], "big")
    if not port or host.is_multicast or host.is_unspecified or host.is_reserved:
        return None
    return str(host), port
