"""TCP for the bridge: takes connections at a bounded rate, carries bytes, knows no protocol."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from pressel.errors import UsageError
from pressel.transport.udp import engine_now_ms

from . import limits
from .allowance import Allowance
from .app import App
from .bridge import Bridge
from .client import Client

Pump = Callable[[], None]  # to be called after anything was done to the bridge


class Connection(asyncio.BufferedProtocol):
    """One connection; `app` is set when we have opened it."""

    def __init__(
        self, bridge: Bridge, connections: dict[int, Connection], app: App | None, pump: Pump
    ) -> None:
        self._bridge = bridge
        self._connections = connections
        self._app = app
        self._pump = pump
        self._buffer = bytearray(limits.READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._client: Client | None = None
        self._is_full = False  # the transport takes no more for now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=limits.WRITE_BUFFER_BYTES)
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, limits.SEND_BUFFER_BYTES
            )
        peer = transport.get_extra_info("peername")
        client = self._bridge.connected(peer[0] if peer else "?", self._app, engine_now_ms())
        if client is None:
            transport.abort()
            return
        self._client = client
        self._connections[client.number] = self
        self.flush()
        self._pump()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._client is None:
            return
        data = bytes(memoryview(self._buffer)[:nbytes])
        pause_ms = self._bridge.receive(self._client, data, engine_now_ms())
        if pause_ms and self._transport and not self._transport.is_closing():
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(pause_ms / 1000, self._read_on)
        self._pump()

    def _read_on(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._client is not None:
            self._connections.pop(self._client.number, None)
            self._bridge.disconnected(self._client, engine_now_ms())
            self._pump()

    def flush(self) -> None:
        """Send what waits, as far as the other side reads it."""
        if self._client is None or self._transport is None or self._transport.is_closing():
            return
        while self._client.backlog and not self._is_full:
            self._transport.write(self._client.backlog.pop())

    def close(self) -> None:
        """At once: an app that does not read would keep us waiting."""
        if self._transport is not None:
            self._transport.abort()


class Server:
    """The bridge's connections, those taken and those made."""

    def __init__(self, bridge: Bridge, pump: Pump) -> None:
        self._bridge = bridge
        self._pump = pump
        self._connections: dict[int, Connection] = {}
        self._listener: socket.socket | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._connecting = 0

    def open(self, host: str) -> int:
        """Listen on the first free port of the old app's; returns it. Raises UsageError."""
        listener = free_port(host)
        self._listener = listener
        self._start(self._accept(listener))
        return listener.getsockname()[1]

    def close(self) -> None:
        for job in self._jobs:
            job.cancel()
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections.values()):
            connection.close()

    def flush(self, client: Client) -> None:
        if client.number in self._connections:
            self._connections[client.number].flush()

    def close_connection(self, client: Client) -> None:
        if client.number in self._connections:
            self._connections[client.number].close()

    def connect(self, app: App) -> None:
        """Try once; the directory offers it again."""
        if self._connecting < limits.CONNECTING_MAX:
            self._start(self._connect(app))

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _connect(self, app: App) -> None:
        self._connecting += 1
        loop = asyncio.get_running_loop()
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(limits.CONNECT_LIMIT_S):
                    await loop.create_connection(
                        lambda: self._connection(app), app.address, app.port
                    )
        finally:
            self._connecting -= 1

    async def _accept(self, listener: socket.socket) -> None:
        """One after the other, and no faster than allowed: a flood waits in the kernel."""
        loop = asyncio.get_running_loop()
        allowance = Allowance(limits.ACCEPTS_PER_S, limits.ACCEPTS_BURST, engine_now_ms())
        while True:
            try:
                taken, _ = await loop.sock_accept(listener)
                await loop.connect_accepted_socket(lambda: self._connection(None), taken)
            except OSError:
                await asyncio.sleep(1)  # no file descriptors left, say: others need them first
            await asyncio.sleep(allowance.spend(1, engine_now_ms()) / 1000)

    def _connection(self, app: App | None) -> Connection:
        return Connection(self._bridge, self._connections, app, self._pump)


def free_port(host: str) -> socket.socket:
    """A socket that listens on the first free port of the old app's. Raises UsageError."""
    for port in limits.PORTS:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind((host, port))
            listener.listen(limits.BACKLOG_CONNECTIONS)
        except OSError:
            listener.close()
            continue
        return listener
    raise UsageError(
        f"the v1 bridge cannot listen on {host}: all TCP ports from {limits.PORTS.start} to "
        f"{limits.PORTS.stop - 1} are taken. Does another bridge or an old app run here?"
    )
