"""A host's socket and timer: what it does with a full socket, a flood and a moved deadline."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from pressel.node.sockets import Port, Timer


class Full:
    """Stands where the port's socket is: takes nothing until it `has_room`."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.has_room = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def sendto(self, data: bytes, destination: Any) -> int:
        if not self.has_room:
            raise BlockingIOError
        return self._real.sendto(data, destination)


def run(scenario: Callable[[Port, socket.socket], Any], received: list[bytes]) -> None:
    async def play() -> None:
        def all_received() -> bool:
            received.append(b"all")
            return received[0] != b"rubbish"

        port = Port(lambda data, source: received.append(data), all_received)
        await port.open(("127.0.0.1", 0), "a test")
        with socket.socket(type=socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            peer.setblocking(False)
            try:
                await scenario(port, peer)
            finally:
                port.close()

    asyncio.run(play())


def test_many_are_received_before_anything_is_done_about_them() -> None:
    received: list[bytes] = []

    async def scenario(port: Port, peer: socket.socket) -> None:
        for data in (b"1", b"2", b"3"):
            peer.sendto(data, port.address)
        while b"all" not in received:
            await asyncio.sleep(0)

    run(scenario, received)
    assert received == [b"1", b"2", b"3", b"all"]


def test_a_flood_leaves_others_their_turn() -> None:
    received: list[bytes] = []

    async def scenario(port: Port, peer: socket.socket) -> None:
        for _ in range(200):
            peer.sendto(b"x", port.address)
        while b"all" not in received:
            await asyncio.sleep(0)

    run(scenario, received)
    assert received == [b"x"] * 64 + [b"all"]


def test_rubbish_is_read_together() -> None:
    received: list[bytes] = []

    async def scenario(port: Port, peer: socket.socket) -> None:
        peer.sendto(b"rubbish", port.address)
        while b"all" not in received:
            await asyncio.sleep(0)
        for _ in range(3):
            peer.sendto(b"x", port.address)
            await asyncio.sleep(0)
        while received.count(b"all") < 2:
            await asyncio.sleep(0)

    run(scenario, received)
    assert received == [b"rubbish", b"all", *[b"x"] * 3, b"all"]


def test_what_a_full_socket_does_not_take_waits_in_order() -> None:
    async def scenario(port: Port, peer: socket.socket) -> None:
        full = Full(port._socket)  # pyright: ignore[reportPrivateUsage, reportArgumentType]
        port._socket = full  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        for data in (b"1", b"2"):
            port.send(data, peer.getsockname())
        full.has_room = True
        port.send(b"3", peer.getsockname())
        got: list[bytes] = []
        while len(got) < 3:
            await asyncio.sleep(0)
            try:
                got.append(peer.recv(100))
            except BlockingIOError:
                continue
        assert got == [b"1", b"2", b"3"]
        assert port.send_errors == 0

    run(scenario, [])


def test_a_socket_that_stays_full_keeps_no_more_than_its_limit() -> None:
    async def scenario(port: Port, peer: socket.socket) -> None:
        full = Full(port._socket)  # pyright: ignore[reportPrivateUsage, reportArgumentType]
        port._socket = full  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        for _ in range(3000):
            port.send(b"x", peer.getsockname())
        assert 0 < port.send_errors < 3000

    run(scenario, [])


def test_a_farewell_is_sent_before_the_socket_closes() -> None:
    async def scenario(port: Port, peer: socket.socket) -> None:
        full = Full(port._socket)  # pyright: ignore[reportPrivateUsage, reportArgumentType]
        port._socket = full  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        port.send(b"farewell", peer.getsockname())
        full.has_room = True
        port.close()
        assert not port.is_open
        assert peer.recv(100) == b"farewell"

    run(scenario, [])


def test_a_destination_that_cannot_be_reached_is_counted() -> None:
    async def scenario(port: Port, peer: socket.socket) -> None:
        port.send(b"x", ("127.0.0.1", 0))
        port.send(bytes(70_000), peer.getsockname())
        port.send(b"next", peer.getsockname())
        assert port.send_errors == 2
        assert peer.recv(100) == b"next"

    run(scenario, [])


def test_a_timer_fires_at_the_earliest_time_that_was_set() -> None:
    """Putting it off costs nothing: it fires early once, and whoever is called sets it anew."""
    fired: list[float] = []

    async def play() -> None:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def due() -> None:
            fired.append(loop.time())
            done.set()

        timer = Timer(due)
        begun_s = loop.time()
        timer.set(10_000_000)
        timer.set(0)
        timer.set(10_000_000)
        await done.wait()
        assert loop.time() - begun_s < 10_000
        timer.set(0)
        timer.set(None)
        for _ in range(10):
            await asyncio.sleep(0)

    asyncio.run(play())
    assert len(fired) == 1


def test_a_timer_knows_that_it_is_late() -> None:
    """So nobody has to ask all that might be due when it is."""

    async def play() -> None:
        fired = asyncio.Event()
        timer = Timer(fired.set)
        assert not timer.is_late
        timer.set(10_000_000)
        assert not timer.is_late
        timer.set(0)
        assert timer.is_late
        await fired.wait()
        assert not timer.is_late

    asyncio.run(play())
