"""The two sockets of a host, one for badges and one for other hosts, and its one timer."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Protocol

from pressel.errors import UsageError
from pressel.transport.udp import SOCKET_BUFFER_BYTES, Address
from ptt.base.numbers import DATAGRAM_BYTES_MAX, MEMBERS_MAX
from ptt.leader.outbound import Copies

Received = Callable[[bytes, Address], None]
AllReceived = Callable[[], bool]

_READ_BYTES = 2 * DATAGRAM_BYTES_MAX  # one that is too long shall be seen to be
_READ_MAX = 64  # datagrams in one go: then timers and the operator have their turn
_WAITING_MAX = 4 * MEMBERS_MAX  # as many as the leader keeps before they are fetched
_REST_S = 0.002  # a tenth of a frame, which nobody hears; 8,000 a second come in sixteens


class CopiesSender(Protocol):
    """`pressel.transport.copies` or `plain_copies`. `refused`: copies that the system would not
    send."""

    @property
    def refused(self) -> int: ...

    def send(self, bound: socket.socket, copies: Copies) -> int:
        """How many are done with, in their order; fewer than all when the socket is full."""
        ...


def _nothing() -> bool:
    """When nobody wants to know."""
    return True


class Port:
    """One UDP socket. `received` gets (data, source) of each datagram; `all_received` is called
    when no more is there for now, so that what many have brought about is done once. It says
    whether anything of it was worth reading; where it was not, the port lets `_REST_S` pass before
    it reads again: a turn of the event loop costs more than what a stranger sends.

    Its own reader and writer rather than the event loop's: those read one datagram a turn, and
    cost as much as our own work with it."""

    def __init__(self, received: Received, all_received: AllReceived = _nothing) -> None:
        self._received = received
        self._all_received = all_received
        self._socket: socket.socket | None = None  # None: closed
        self._waiting: deque[tuple[bytes, Address]] = deque()  # while the socket takes no more
        self._resting: asyncio.TimerHandle | None = None
        self.address: Address = ("", 0)
        self.send_errors = 0  # datagrams that the system would not take

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    async def open(self, local: Address, what: str) -> None:
        """Bind to `local` (port 0: any). UsageError that names `what` it is for."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            # Voice for many stays in this network, whatever a router would do with it.
            bound.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            bound.setblocking(False)
            bound.bind(local)
        except OSError as error:
            bound.close()
            raise UsageError(
                f"cannot listen for {what} on {local[0]}:{local[1]}: {error.strerror or error}. "
                "Is another leader running, or is the address not this machine's?"
            ) from error
        self._socket = bound
        self.address = bound.getsockname()
        self._listen()

    def close(self) -> None:
        bound, self._socket = self._socket, None
        if bound is None:
            return
        if self._resting is not None:
            self._resting.cancel()
        loop = asyncio.get_running_loop()
        loop.remove_reader(bound)
        loop.remove_writer(bound)
        self._write(bound)  # a farewell may be among what waits
        self._waiting.clear()
        bound.close()

    # --- what comes in ---

    def _read(self) -> None:
        for _ in range(_READ_MAX):
            if self._socket is None:
                return
            try:
                data, source = self._socket.recvfrom(_READ_BYTES)
            except BlockingIOError:
                break
            except OSError:  # an answer to what was sent: somebody has gone
                self.send_errors += 1
                continue
            self._received(data, source)
        if not self._all_received():
            self._rest()

    def _rest(self) -> None:
        if self._socket is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            self._resting = loop.call_later(_REST_S, self._listen)

    def _listen(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._read)

    # --- what goes out ---

    def send(self, data: bytes | bytearray, destination: Address) -> None:
        """At once, or as soon as the socket takes it."""
        if self._socket is None:
            return
        if self._waiting or not self._put(self._socket, data, destination):
            self._wait_with(bytes(data), destination)

    def send_copies(self, copier: CopiesSender, copies: Copies) -> None:
        """All of them; what the socket does not take now waits."""
        if self._socket is None:
            return
        if not self._waiting:
            before = copier.refused
            copies.skip(copier.send(self._socket, copies))
            self.send_errors += copier.refused - before
        while (outgoing := copies.next()) is not None:
            if outgoing.seal():
                self.send(outgoing.data, outgoing.destination)

    def _put(self, bound: socket.socket, data: bytes | bytearray, destination: Address) -> bool:
        """False when the socket is full."""
        try:
            bound.sendto(data, destination)
        except BlockingIOError:
            return False
        except OSError:
            self.send_errors += 1
        return True

    def _wait_with(self, data: bytes, destination: Address) -> None:
        if len(self._waiting) >= _WAITING_MAX:
            self.send_errors += 1
            return
        self._waiting.append((data, destination))
        if len(self._waiting) == 1 and self._socket is not None:
            bound = self._socket
            asyncio.get_running_loop().add_writer(bound, self._write, bound)

    def _write(self, bound: socket.socket) -> None:
        while self._waiting:
            if not self._put(bound, *self._waiting[0]):
                return
            self._waiting.popleft()
        if self._socket is not None:
            asyncio.get_running_loop().remove_writer(bound)


class Timer:
    """Calls `due` at the time that was set last, or before: to set it later costs nothing, since
    `due` only finds that there is nothing to do yet and sets it anew."""

    def __init__(self, due: Callable[[], None]) -> None:
        self._due = due
        self._handle: asyncio.TimerHandle | None = None

    def set(self, wait_ms: int | None) -> None:
        """In `wait_ms` from now; None: not at all."""
        handle = self._handle
        if wait_ms is None:
            if handle is not None:
                handle.cancel()
                self._handle = None
            return
        loop = asyncio.get_running_loop()
        at_s = loop.time() + max(0, wait_ms) / 1000
        if handle is not None:
            if handle.when() <= at_s:
                return
            handle.cancel()
        self._handle = loop.call_at(at_s, self._fire)

    @property
    def is_late(self) -> bool:
        """Should it have fired by now? Then the event loop is busy."""
        handle = self._handle
        return handle is not None and handle.when() <= asyncio.get_running_loop().time()

    def _fire(self) -> None:
        self._handle = None
        self._due()
