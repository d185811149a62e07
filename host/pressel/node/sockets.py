"""The two sockets of a host, one for badges and one for other hosts, and its one timer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from pressel.errors import UsageError
from pressel.transport.copies import Copier
from pressel.transport.udp import SOCKET_BUFFER_BYTES, Address
from ptt.leader.outbound import Copies

Received = Callable[[bytes, Address], None]


class Port(asyncio.DatagramProtocol):
    """One UDP socket; `received` gets (data, source)."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None
        self._socket: socket.socket | None = None  # the transport's, while it is open
        self.address: Address = ("", 0)
        self.send_errors = 0  # datagrams that the system would not take

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    async def open(self, local: Address, what: str) -> None:
        """Bind to `local` (port 0: any). UsageError that names `what` it is for."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            bound.setblocking(False)
            bound.bind(local)
        except OSError as error:
            bound.close()
            raise UsageError(
                f"cannot listen for {what} on {local[0]}:{local[1]}: {error.strerror or error}. "
                "Is another leader running, or is the address not this machine's?"
            ) from error
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=bound)
        self._socket = bound
        self.address = bound.getsockname()

    def send_copies(self, copier: Copier, copies: Copies) -> None:
        """All of them; what the socket does not take now waits in the event loop."""
        if self._socket is None:
            return
        before = copier.refused
        copies.skip(copier.send(self._socket.fileno(), copies))
        self.send_errors += copier.refused - before
        while (outgoing := copies.next()) is not None:
            if outgoing.seal():
                self.send(outgoing.data, outgoing.destination)

    def send(self, data: bytes | bytearray, destination: Address) -> None:
        """At once if the socket takes it: the event loop's own way costs twice as much."""
        if self._socket is None or self._transport is None:
            return
        try:
            self._socket.sendto(data, destination)
        except BlockingIOError:
            self._transport.sendto(bytes(data), destination)
        except OSError:
            self.send_errors += 1

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = self._socket = None

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        self.send_errors += 1


class Timer:
    """Calls `due` once, at the time that was set last."""

    def __init__(self, due: Callable[[], None]) -> None:
        self._due = due
        self._handle: asyncio.TimerHandle | None = None

    def set(self, wait_ms: int | None) -> None:
        """In `wait_ms` from now; None: not at all."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if wait_ms is not None:
            loop = asyncio.get_running_loop()
            self._handle = loop.call_later(max(0, wait_ms) / 1000, self._due)
