"""Where badges find each host. Hosts tell each other again and again: whoever leads tells badges of
the others."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable

from ptt.cluster import host_messages, host_wire
from ptt.host import Host
from ptt.wire.refusal import Refused

from .others import OtherHosts
from .sockets import Port


class Whereabouts:
    """Of this host, which serves badges at `badges`, and of `others`, for the engine `host`."""

    def __init__(self, host: Host, others: OtherHosts, badges: Port) -> None:
        self._host = host
        self._others = others
        self._badges = badges

    def tell(self, host: bytes, now_ms: int) -> None:
        """The host that it names where badges find this one."""
        told = host_wire.encode(host_messages.HOST_ADDRESS, (self._badges.address[1],))
        self._others.send(host, told, now_ms)

    def tell_all(self, hosts: Iterable[bytes], now_ms: int) -> None:
        """One may have restarted, or missed the word."""
        for host in hosts:
            self.tell(host, now_ms)

    def receive(self, source: bytes, message: bytes) -> bool:
        """False: the message is about something else."""
        if message[0] != host_messages.HOST_ADDRESS:
            return False
        with contextlib.suppress(Refused):
            _, (port,) = host_wire.decode(message)
            at = self._others.channel.address_of(source)
            if at is not None:
                self._host.note_address(source, (socket.inet_aton(at[0]), port))
        return True
