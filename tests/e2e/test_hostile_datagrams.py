"""Datagrams that no badge of ours would send, at the ports of a leader and of badges."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.e2e.command import typed
from tests.e2e.stage import ask, faults, heard_by, venue, words
from tests.patience import PATIENCE_S
from tests.shared.venue import Venue

from pressel.demo.actor import Actor
from pressel.demo.venue import LeaderProcess
from ptt.base.numbers import NACK_INTERVAL_MS
from ptt.wire import messages
from ptt.wire.messages import VERSION

pytestmark = pytest.mark.e2e

SEED = 20_250
HOSTILE = 12_000
WARM_UP = 2_000  # what the process gets once, such as room for counters, is no leak
RSS_GROWTH_BYTES_MAX = 2_000_000  # 12,000 datagrams kept would be 2.4 MB
AT_ONCE = 100  # so many fit into the kernel's buffer of a socket, whatever their size
NACK_BYTES = 28


class _Overheard(Venue):
    """Engines alone, in virtual time: every datagram that they send is kept."""

    def __init__(self) -> None:
        self.overheard: list[bytes] = []
        super().__init__(badges=3)

    def send(self, data: Any, source: Any, destination: Any) -> None:
        self.overheard.append(data)
        super().send(data, source, destination)


def real_datagrams() -> list[bytes]:
    """One of each message type and length that a press, a queue and two bursts cause."""
    talk = _Overheard()
    talk.run(1500).press("A")
    talk.run(600).press("B")
    talk.run(600).release("A")
    talk.run(600).release("B")
    talk.run(1500)
    kinds = {(data[1], len(data)): data for data in talk.overheard}
    assert {kind for kind, _ in kinds} >= {messages.HELLO, messages.VOICE_FRAME, messages.WELCOME}
    return [kinds[each] for each in sorted(kinds)]


def hostile(seed: int) -> Iterator[bytes]:
    """Without end: noise of every size, and real datagrams damaged in every way."""
    chance = random.Random(seed)
    real = real_datagrams()
    yield from (b"", b"\x00", b" ", bytes(9_000), chance.randbytes(9_000), bytes(60_000))
    yield from (b" " + chance.randbytes(59_999), *(chance.randbytes(size) for size in range(1501)))
    yield from (data[:size] for data in real for size in range(len(data)))
    yield from (data for data in real if data[1] != messages.HELLO)  # of another venue
    while True:
        data = bytearray(chance.choice(real))
        way = chance.randrange(4)
        if way == 0:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        elif way == 1:
            data[0] = chance.choice([each for each in range(256) if each >> 4 != data[0] >> 4])
        elif way == 2:
            data += chance.randbytes(chance.randrange(1, 400))
        else:
            data[24:] = chance.randbytes(len(data) - 24)
        yield bytes(data)


class Stranger:
    """A socket that belongs to no badge, and what came back to it."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.answers: list[bytes] = []

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    def send(self, data: bytes, address: str) -> None:
        host, port = address.split(":")
        self.socket.sendto(data, (host, int(port)))

    def listen(self) -> list[bytes]:
        try:
            while True:
                self.answers.append(self.socket.recv(65_536))
        except BlockingIOError:
            return self.answers

    async def flood(self, leader: LeaderProcess, source: Iterator[bytes], count: int) -> None:
        """Send `count` datagrams, each batch when the leader has counted the one before."""
        refused = sum((await ask(leader)).refused.values())
        for sent in range(0, count, AT_ONCE):
            for _ in range(min(AT_ONCE, count - sent)):
                self.send(next(source), leader.address)
            deadline_s = time.monotonic() + PATIENCE_S
            goal = refused + min(sent + AT_ONCE, count)
            while sum((await ask(leader)).refused.values()) < goal:
                assert time.monotonic() < deadline_s, "the leader did not count what was sent"
                await asyncio.sleep(0.005)
            self.listen()


async def _status(leader: LeaderProcess) -> dict[str, Any]:
    """What `pressel status --json` shows, without what may change while nothing happens."""
    result = await typed("status", "--json", "--control", leader.control)
    assert result.code == 0, result.err
    state = json.loads(result.out)
    for member in state["members"]:
        del member["silent_ms"]
    del state["uptime_s"], state["refused"]
    return state


def test_a_leader_refuses_and_stays_as_it_was(work: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with venue(work, "AB") as (leader, _):
            with Stranger() as stranger:
                source = hostile(SEED)
                started_s = time.monotonic()
                await stranger.flood(leader, source, WARM_UP)
                before = await _status(leader)
                rss_bytes = psutil.Process(leader.process.pid).memory_info().rss
                await stranger.flood(leader, source, HOSTILE)
                grown = psutil.Process(leader.process.pid).memory_info().rss - rss_bytes
                seconds = time.monotonic() - started_s
                assert await _status(leader) == before
                assert grown < RSS_GROWTH_BYTES_MAX
                nacks = len(stranger.listen())  # of both floods: one alone may be over in no time
                assert 1 <= nacks <= seconds * 1000 / NACK_INTERVAL_MS + 1
                assert {len(each) for each in stranger.answers} == {NACK_BYTES}
                assert {each[1] for each in stranger.answers} == {messages.NACK}

    asyncio.run(scenario())


def test_a_leader_never_answers_with_more_than_came(work: Path) -> None:
    other_version = bytes([0x10 | VERSION & 15])

    async def scenario() -> None:
        async with venue(work, "A") as (leader, _):
            with Stranger() as stranger:
                short = iter([other_version * size for size in range(1, NACK_BYTES)])
                await stranger.flood(leader, short, NACK_BYTES - 1)
                assert stranger.listen() == []
                await stranger.flood(leader, iter([other_version * NACK_BYTES]), 1)
                assert [len(each) for each in stranger.listen()] == [NACK_BYTES]

    asyncio.run(scenario())


async def _pester(stranger: Stranger, addresses: list[str], every_s: float, seed: int) -> None:
    for data in hostile(seed):
        for address in addresses:
            stranger.send(data, address)
        await asyncio.sleep(every_s)


def test_a_burst_meanwhile_is_heard_whole(work: Path) -> None:
    async def scenario(work: Path) -> list[str]:
        async with venue(work, "AB") as (leader, (a, b)):
            members = (await ask(leader)).members
            with Stranger() as stranger:
                # A badge's mailbox holds six datagrams, so it is pestered more slowly.
                pesters = [
                    asyncio.create_task(_pester(stranger, [leader.address], 0.001, 1)),
                    asyncio.create_task(
                        _pester(stranger, [each.address for each in members], 0.015, 2)
                    ),
                ]
                bursts = []
                for talker, listener in ((a, b), (b, a)):
                    said = await talker.press_and_speak((speech := words(1, 2.0)).pcm)
                    await heard_by(said, listener)
                    bursts.append((said, speech))
                for pester in pesters:
                    assert not pester.done()
                    pester.cancel()
            state = await ask(leader)
            assert {each.name for each in state.members} == {"A", "B"}
            assert sum(state.refused.values()) > 100  # a busy machine sends fewer
            await _unharmed(a, b)
        return faults(bursts, [a, b])

    assert asyncio.run(scenario(work)) == []


async def _unharmed(*actors: Actor) -> None:
    for actor in actors:
        stats = await actor.badge.stats()
        assert stats["heap_peak_bytes"] <= stats["heap_bytes"]
        assert stats["datagrams_in"] > 100
        assert actor.find("lost", 0) is None
        assert actor.find("refused", 0) is None
