"""One engine on one UDP socket: it carries datagrams in and out and keeps the engine's timer.

Knows the engine interface and nothing of what an engine decides.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol

from ptt.base import clock

Address = tuple[str, int]

BROADCAST = "255.255.255.255"  # everybody on this network
GAP_MS_MAX = 86_400_000  # a day: more than any engine waits, and far less than it can tell
SOCKET_BUFFER_BYTES = 1 << 20  # a second of voice for 100 members, while the machine is busy


class Sendable(Protocol):
    data: Any
    destination: Any


class Engine(Protocol):
    """The five calls of every engine in `ptt`."""

    def receive_datagram(self, data: Any, source: Any, now_ms: int) -> None: ...
    def handle_timeout(self, now_ms: int) -> None: ...
    def next_timeout_ms(self) -> int: ...
    def poll_transmit(self) -> Sendable | None: ...
    def next_event(self) -> tuple[int, Any] | None: ...


class EngineClock:
    """`monotonic_ns` as engines want it. While nobody reads it, it goes on for `GAP_MS_MAX` at
    most: engines cannot compare times six days apart, and a process may stand still for longer."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._read_ms = monotonic_ns() // 1_000_000
        self._left_out_ms = 0

    def now_ms(self) -> int:
        read_ms = self._monotonic_ns() // 1_000_000
        self._left_out_ms += max(0, read_ms - self._read_ms - GAP_MS_MAX)
        self._read_ms = read_ms
        return clock.wrapped(read_ms - self._left_out_ms)


_clock = EngineClock(time.monotonic_ns)


def engine_now_ms() -> int:
    """This process's clock; the same for all its engines."""
    return _clock.now_ms()


class UdpEndpoint(asyncio.DatagramProtocol):
    """Runs `engine` on a socket; `on_event` gets each (kind, value) that it tells."""

    def __init__(self, engine: Engine, on_event: Callable[[int, Any], None]) -> None:
        self._engine = engine
        self._on_event = on_event
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.send_errors = 0  # datagrams that the system would not take

    async def open(self, local: Address) -> Address:
        """Bind to `local` (port 0: any) and return the address bound. Raises OSError."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            bound.setblocking(False)
            bound.bind(local)
        except OSError:
            bound.close()
            raise
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=bound)
        return bound.getsockname()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._transport:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: Address) -> None:
        now_ms = engine_now_ms()
        self._engine.receive_datagram(data, addr, now_ms)
        due_ms = self._engine.next_timeout_ms()
        if due_ms != clock.NEVER and clock.since(now_ms, due_ms) >= 0:
            # Each datagram sets the timer anew: under a flood it would never fire.
            self._engine.handle_timeout(now_ms)
        self.pump()

    def error_received(self, exc: Exception) -> None:
        self.send_errors += 1

    def pump(self) -> None:
        """Send what waits, tell what happened, set the timer. Call after touching the engine."""
        if self._transport is None:
            return
        while (outgoing := self._engine.poll_transmit()) is not None:
            # asyncio may keep the data while the socket is full; the engine reuses its buffer.
            self._transport.sendto(bytes(outgoing.data), outgoing.destination)
        while (event := self._engine.next_event()) is not None:
            self._on_event(*event)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        due_ms = self._engine.next_timeout_ms()
        if due_ms != clock.NEVER:
            wait_s = max(0, clock.since(due_ms, engine_now_ms())) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._timeout)

    def _timeout(self) -> None:
        self._timer = None
        self._engine.handle_timeout(engine_now_ms())
        self.pump()


def address_of(host: bytes, port: int) -> Address:
    """IPv4 and port as STANDBY carries them."""
    return socket.inet_ntoa(host), port


def resolve(address: Address) -> Address:
    """The IPv4 address of a host name; ValueError when nobody has that name."""
    host, port = address
    try:
        found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)
    except (OSError, UnicodeError):  # UnicodeError: a label too long or empty
        raise ValueError(f"no computer has the name '{host}'") from None
    return str(found[0][4][0]), port


def parse_address(text: str, default_port: int) -> Address:
    """ "192.168.1.5", "192.168.1.5:47800", ":47800" or "host:47800"; ValueError when it is none."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(default_port)
    is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
    if not text or ":" in host or not is_port:
        raise ValueError(f"'{text}' is not an address; write it like 192.168.1.5:{default_port}")
    return host or "0.0.0.0", int(port)
