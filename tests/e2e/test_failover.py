"""Real hosts and soft badges on real sockets: the leader dies, or stands still, amid a burst."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import signal
import time
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import until
from tests.e2e.test_nodes import Cluster, cluster_of

from pressel.audio.codecs import host_codecs
from pressel.registry.device import KEY_BYTES
from pressel.soft.badge import SoftBadge
from pressel.soft.credential import Credential, register
from pressel.soft.sound import Heard, Wanted
from ptt.base import events
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES
from ptt.media.codecs import IMA

pytestmark = pytest.mark.e2e


class Ticking:
    """A microphone that always has a sound, and a speaker that notes when something sounded."""

    def __init__(self) -> None:
        self.sounded_s: list[float] = []
        self._frame = array("h", [3000 if n % 20 < 10 else -3000 for n in range(FRAME_SAMPLES)])

    async def run(self, heard: Heard, wanted: Wanted) -> None:
        due_s = time.monotonic()
        while True:
            heard(self._frame)
            played = wanted()
            if played is not None and max(played) > 500:  # what is concealed fades away
                self.sounded_s.append(time.monotonic())
            due_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    def longest_gap_ms(self, from_s: float) -> int:
        times = [each for each in self.sounded_s if each >= from_s]
        return round(1000 * max(b - a for a, b in itertools.pairwise(times)))


class Person:
    """A soft badge, what it has told, and what it heard."""

    def __init__(self, number: int, leader: tuple[str, int], state: Path) -> None:
        self.told: list[tuple[int, Any]] = []
        self.sound = Ticking()
        own = Credential(bytes((2, 0, 0, 0, 0, 0, 0, number)), secrets.token_bytes(KEY_BYTES))
        register(own, f"B{number}", state)
        self.room: Any = None  # for networks, where a test gives it one
        self.badge = SoftBadge(own, f"B{number}", leader, self.sound, self._tell)

    def _tell(self, kind: int, value: Any) -> None:
        self.told.append((kind, value))

    def all(self, kind: int) -> list[Any]:
        return [value for each, value in self.told if each == kind]

    @property
    def may_send(self) -> bool:
        return self.badge.participant.floor.may_send()


def badges_port(cluster: Cluster, name: str) -> int:
    (ready,) = [each for each in cluster.events(name) if each["event"] == "ready"]
    port = ready["port"]
    assert isinstance(port, int)
    return port


@contextlib.asynccontextmanager
async def talking(cluster: Cluster, leader: str) -> AsyncIterator[list[Person]]:
    """Three people: the first talks, the second waits and the third listens."""
    address, state = ("127.0.0.1", badges_port(cluster, leader)), cluster.state(leader)
    people = [Person(number, address, state) for number in (1, 2, 3)]
    async with contextlib.AsyncExitStack() as stack:
        for person in people:
            await stack.enter_async_context(person.badge)
            carrying = asyncio.create_task(person.badge.carry_sound())
            stack.callback(carrying.cancel)
        await until(lambda: all(p.all(events.JOINED) for p in people), "all have joined")
        people[0].badge.press()
        await until(lambda: people[0].may_send, "the first one talks")
        people[1].badge.press()
        await until(lambda: bool(people[1].all(events.QUEUED)), "the second one waits")
        await until(lambda: len(people[2].sound.sounded_s) > 25, "the third one hears it")
        yield people


async def until_heard_again(people: list[Person], from_s: float) -> None:
    await until(
        lambda: len([at for at in people[2].sound.sounded_s if at > from_s]) > 100,
        "two seconds of the same burst are heard after the failure",
    )
    await until(lambda: bool(people[2].all(events.MOVED)), "the listener has moved over")


def check_same_burst(people: list[Person]) -> None:
    """It is still in the best codec that all have."""
    talker, waiting, listener = people
    codec = listener.badge.participant.playout.current.codec
    assert codec is not None and codec.number == (host_codecs() or (IMA,))[-1].number
    assert len(talker.all(events.GRANTED)) == 1
    assert talker.may_send
    assert not talker.all(events.LOST) and not listener.all(events.LOST)
    assert waiting.badge.participant.floor.position == 1
    assert not waiting.may_send


async def end_burst(people: list[Person]) -> None:
    """The first lets go, and the second gets the floor: the queue was kept."""
    people[0].badge.release()
    await until(lambda: people[1].may_send, "whoever waited talks")
    assert not people[0].may_send
    people[1].badge.release()


@pytest.mark.sweep(1)
@pytest.mark.parametrize("names", ["ab", "abc"])
def test_a_burst_survives_the_death_of_its_leader(
    tmp_path: Path, names: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, names) as cluster:
            first = await cluster.until_led()
            async with talking(cluster, first) as people:
                killed_s = time.monotonic()
                cluster.commands[first].process.send_signal(signal.SIGKILL)
                await until_heard_again(people, killed_s)
                check_same_burst(people)
                gap_ms = people[2].sound.longest_gap_ms(killed_s - 0.5)
                with capsys.disabled():
                    print(f"\n{len(names)} hosts, leader killed: silence of {gap_ms} ms")
                await end_burst(people)

    asyncio.run(scenario())


def test_a_leader_that_stood_still_takes_nobody_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It wakes up with seconds of voice in its socket; by then its members belong to another
    leader."""

    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            first = await cluster.until_led()
            async with talking(cluster, first) as people:
                stopped_s = time.monotonic()
                cluster.commands[first].process.send_signal(signal.SIGSTOP)
                await until_heard_again(people, stopped_s)
                await asyncio.sleep(max(0.0, stopped_s + 5 - time.monotonic()))
                cluster.commands[first].process.send_signal(signal.SIGCONT)
                second = await cluster.until_led()
                assert second != first
                await asyncio.sleep(1.5)  # its farewell, to whoever has not moved over
                check_same_burst(people)
                gap_ms = people[2].sound.longest_gap_ms(stopped_s - 0.5)
                with capsys.disabled():
                    print(f"\nleader stopped for 5 s: silence of {gap_ms} ms")
                await end_burst(people)

    asyncio.run(scenario())


def test_a_resignation_is_hardly_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGTERM, as a service manager stops it for an update."""

    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            first = await cluster.until_led()
            async with talking(cluster, first) as people:
                stopped_s = time.monotonic()
                cluster.commands[first].process.send_signal(signal.SIGTERM)
                await until_heard_again(people, stopped_s)
                check_same_burst(people)
                gap_ms = people[2].sound.longest_gap_ms(stopped_s - 0.5)
                with capsys.disabled():
                    print(f"\nleader resigned: silence of {gap_ms} ms")
                await end_burst(people)

    asyncio.run(scenario())
