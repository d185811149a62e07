"""The engine on its socket: nothing is lost between them, and the timer is kept even in a flood."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.patience import PATIENCE_S

from pressel.transport.udp import (
    GAP_MS_MAX,
    EngineClock,
    UdpEndpoint,
    engine_now_ms,
    parse_address,
    resolve,
)
from ptt.base import clock

ANYWHERE = ("127.0.0.1", 0)


@dataclass
class Datagram:
    data: Any
    destination: Any


@dataclass
class FakeEngine:
    """Remembers what it was told; sends and tells what the test puts into it."""

    due_ms: int = clock.NEVER
    received: list[tuple[bytes, Any, int]] = field(default_factory=list)
    timeouts: list[int] = field(default_factory=list)
    out: deque[Datagram] = field(default_factory=deque)
    events: deque[tuple[int, Any]] = field(default_factory=deque)
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    def receive_datagram(self, data: Any, source: Any, now_ms: int) -> None:
        self.received.append((data, source, now_ms))
        self.happened.set()

    def handle_timeout(self, now_ms: int) -> None:
        self.timeouts.append(now_ms)
        self.due_ms = clock.NEVER
        self.happened.set()

    def next_timeout_ms(self) -> int:
        return self.due_ms

    def poll_transmit(self) -> Datagram | None:
        return self.out.popleft() if self.out else None

    def next_event(self) -> tuple[int, Any] | None:
        return self.events.popleft() if self.events else None


class Stage:
    """A fake engine on a real socket, and another socket to talk to it."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.told: list[tuple[int, Any]] = []
        self.endpoint = UdpEndpoint(
            self.engine, lambda kind, value: self.told.append((kind, value))
        )
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind(ANYWHERE)
        self.peer.settimeout(PATIENCE_S)

    async def __aenter__(self) -> Stage:
        self.address = await self.endpoint.open(ANYWHERE)
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.endpoint.close()
        self.peer.close()

    async def happens(self) -> None:
        await asyncio.wait_for(self.engine.happened.wait(), PATIENCE_S)
        self.engine.happened.clear()


def test_a_datagram_reaches_the_engine_with_its_source_and_the_time() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            before_ms = engine_now_ms()
            stage.peer.sendto(b"hello", stage.address)
            await stage.happens()
            ((data, source, now_ms),) = stage.engine.received
            assert (data, source) == (b"hello", stage.peer.getsockname())
            assert 0 <= clock.since(now_ms, before_ms) < PATIENCE_S * 1000

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [0, 1, 9_000, 60_000])
def test_datagrams_of_every_size_reach_it(size: int) -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            stage.peer.sendto(bytes(size), stage.address)
            await stage.happens()
            assert len(stage.engine.received[0][0]) == size

    asyncio.run(scenario())


def test_everything_that_waits_is_sent_in_order_and_copied() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            buffer = bytearray(b"frame 0")
            for number in range(50):
                stage.engine.out.append(Datagram(b"%d" % number, stage.peer.getsockname()))
            stage.engine.out.append(Datagram(memoryview(buffer), stage.peer.getsockname()))
            stage.endpoint.pump()
            buffer[:] = b"frame 1"
            assert [stage.peer.recv(100) for _ in range(50)] == [b"%d" % n for n in range(50)]
            assert stage.peer.recv(100) == b"frame 0"

    asyncio.run(scenario())


def test_an_answer_to_a_datagram_leaves_at_once() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            stage.engine.out.append(Datagram(b"answer", stage.peer.getsockname()))
            stage.peer.sendto(b"question", stage.address)
            await stage.happens()
            assert stage.peer.recv(100) == b"answer"

    asyncio.run(scenario())


def test_events_are_told_in_order() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            stage.engine.events.extend([(3, 7), (0, None), (12, (1, 2))])
            stage.endpoint.pump()
            assert stage.told == [(3, 7), (0, None), (12, (1, 2))]

    asyncio.run(scenario())


def test_the_timer_fires_not_before_it_is_due_and_what_it_brings_is_sent() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            due_ms = clock.add(engine_now_ms(), 20)
            stage.engine.due_ms = due_ms
            stage.endpoint.pump()
            stage.engine.out.append(Datagram(b"late", stage.peer.getsockname()))
            await stage.happens()
            assert len(stage.engine.timeouts) == 1
            assert clock.since(stage.engine.timeouts[0], due_ms) >= -1  # the clocks' rounding
            assert stage.peer.recv(100) == b"late"

    asyncio.run(scenario())


def test_a_time_that_has_passed_fires_at_once() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            stage.engine.due_ms = clock.add(engine_now_ms(), -60_000)
            stage.endpoint.pump()
            await stage.happens()
            assert len(stage.engine.timeouts) == 1

    asyncio.run(scenario())


def test_the_timer_is_moved_when_the_engine_wants_it_sooner() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            stage.engine.due_ms = clock.add(engine_now_ms(), 3_600_000)
            stage.endpoint.pump()
            stage.engine.due_ms = engine_now_ms()
            stage.endpoint.pump()
            await stage.happens()
            assert len(stage.engine.timeouts) == 1

    asyncio.run(scenario())


def test_a_flood_of_datagrams_does_not_hold_the_timer_back() -> None:
    """Each datagram sets the timer anew; without care it would never come to its turn."""

    async def scenario() -> None:
        async with Stage() as stage:
            stage.engine.due_ms = engine_now_ms()
            for _ in range(20):
                stage.endpoint.datagram_received(b"x", stage.peer.getsockname())
                await asyncio.sleep(0)  # one turn of the loop, as between two real ones
            assert len(stage.engine.timeouts) == 1

    asyncio.run(scenario())


def test_a_destination_that_cannot_be_reached_is_counted() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            stage.engine.out.append(Datagram(b"x", ("127.0.0.1", 0)))
            stage.engine.out.append(Datagram(bytes(70_000), stage.peer.getsockname()))
            stage.engine.out.append(Datagram(b"next", stage.peer.getsockname()))
            stage.endpoint.pump()
            assert stage.endpoint.send_errors == 2
            assert stage.peer.recv(100) == b"next"
            stage.endpoint.error_received(ConnectionRefusedError())
            assert stage.endpoint.send_errors == 3

    asyncio.run(scenario())


def test_a_closed_endpoint_does_nothing_more() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            stage.engine.due_ms = clock.add(engine_now_ms(), 1)
            stage.endpoint.pump()
            stage.endpoint.close()
            stage.engine.out.append(Datagram(b"x", stage.peer.getsockname()))
            stage.endpoint.pump()
            assert len(stage.engine.out) == 1
        assert stage.engine.timeouts == []

    asyncio.run(scenario())


def test_a_port_in_use_is_an_os_error() -> None:
    async def scenario() -> None:
        async with Stage() as stage:
            with pytest.raises(OSError):
                await UdpEndpoint(FakeEngine(), lambda kind, value: None).open(stage.address)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.5", ("192.168.1.5", 47800)),
        ("192.168.1.5:5000", ("192.168.1.5", 5000)),
        ("leader.local:1", ("leader.local", 1)),
        (":5000", ("0.0.0.0", 5000)),
        ("10.0.0.1:0", ("10.0.0.1", 0)),
        ("10.0.0.1:65535", ("10.0.0.1", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text, 47800) == address


@pytest.mark.parametrize(
    "text", ["", ":", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:-1", "1.2.3.4:65536", "::1", "a:b:1", "h:²"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address; write it like"):
        parse_address(text, 47800)


def test_a_literal_address_resolves_to_itself() -> None:
    assert resolve(("127.0.0.1", 5)) == ("127.0.0.1", 5)
    assert resolve(("255.255.255.255", 47800)) == ("255.255.255.255", 47800)


@pytest.mark.parametrize("host", ["a b c", "..", "a" * 70, "ä" * 70, "999.1.1.1", "\udcff"])
def test_a_name_that_nobody_has_is_told(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def offline(name: str, *args: Any) -> Any:
        """Refuse what Python itself refuses, and ask no name server."""
        try:
            name.encode("idna")
        except UnicodeError:
            return real(name, *args)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    with pytest.raises(ValueError, match="no computer has the name"):
        resolve((host, 47800))


@pytest.mark.parametrize("days", [6.1, 6.2, 7, 12.4, 1000])
def test_a_process_that_stood_still_for_days_is_a_day_late(days: float) -> None:
    """Whatever it waited for is over then, and it compares no times that it cannot."""
    read_ns = [5_000_000_000]
    own = EngineClock(lambda: read_ns[0])
    due_ms = clock.add(own.now_ms(), 500)
    read_ns[0] += int(days * GAP_MS_MAX) * 1_000_000
    assert clock.since(own.now_ms(), due_ms) == GAP_MS_MAX - 500
    read_ns[0] += 250 * 1_000_000
    assert clock.since(own.now_ms(), due_ms) == GAP_MS_MAX - 250
