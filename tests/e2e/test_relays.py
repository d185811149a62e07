"""Real hosts and soft badges on real sockets: a standby relays, and is killed in mid-burst."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import until
from tests.e2e.test_failover import Person, badges_port
from tests.e2e.test_nodes import Cluster, cluster_of

from ptt.base import events
from ptt.base.numbers import FRAME_MS
from ptt.fanout.again import FRAMES_MAX
from ptt.relayed.ear import HEARING

pytestmark = pytest.mark.e2e

BADGES = 5
BUFFERED_MS = 200  # what a listener still plays, or conceals, when nothing comes any more
SPARED = 2  # frames that the network may lose, or that the last word's end takes with it


@contextlib.asynccontextmanager
async def relayed(
    cluster: Cluster, leader: str, relays: str, count: int = BADGES
) -> AsyncIterator[list[Person]]:
    """`count` people of whom `leader` serves one itself, and `relays` the others."""
    address, state = ("127.0.0.1", badges_port(cluster, leader)), cluster.state(leader)
    people = [Person(number, address, state) for number in range(1, count + 1)]
    async with contextlib.AsyncExitStack() as stack:
        for person in people:
            await stack.enter_async_context(person.badge)
            carrying = asyncio.create_task(person.badge.carry_sound())
            stack.callback(carrying.cancel)
        await until(lambda: all(p.all(events.JOINED) for p in people), "all have joined")
        await cluster.ask(leader, "settings", "set", "relay.own_listeners", "1")
        ports = [badges_port(cluster, relay) for relay in relays]
        await until(lambda: len(served_by(people, *ports)) == count - 1, "relays serve all but one")
        yield people


def served_by(people: list[Person], *ports: int) -> list[Person]:
    """Those who have heard from the relays at `ports`."""
    ears = [(person, person.badge.hearer.ear) for person in people]
    addresses = [("127.0.0.1", port) for port in ports]
    return [p for p, ear in ears if ear.state == HEARING and ear.address in addresses]


async def end_burst(talker: Person, listeners: list[Person], lease: int, killed_s: float) -> None:
    """Let go, and see that all have heard as much of the burst as each other, but for what is
    beyond the bound of the fallback: who was silent for longer than a listener keeps voice has
    missed the rest. On a machine that is late a burst may stall, too, and is told of twice."""
    told = [len(person.all(events.HEARD)) for person in listeners]
    talker.badge.release()

    def all_have() -> bool:
        heard = [len(person.all(events.HEARD)) for person in listeners]
        return all(now > before for now, before in zip(heard, told, strict=True))

    await until(all_have, "all have heard the burst to its end")
    counts = [played(person, lease) for person in listeners]
    for person, count in zip(listeners, counts, strict=True):
        silent_ms = person.sound.longest_gap_ms(killed_s - 0.5) + BUFFERED_MS
        beyond = max(0, silent_ms // FRAME_MS - FRAMES_MAX)
        assert count >= max(counts) - SPARED - beyond, (counts, silent_ms)


def played(person: Person, lease: int) -> int:
    """Frames of the burst that its speaker played, each once."""
    return sum(value[2] for value in person.all(events.HEARD) if value[1] == lease)


def test_a_relay_killed_in_mid_burst_costs_no_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            leader = await cluster.until_led()
            relay = "b" if leader == "a" else "a"
            async with relayed(cluster, leader, relay) as people:
                port = badges_port(cluster, relay)
                served = served_by(people, port)
                (talker,) = [p for p in people if p not in served]
                ways: Any = await cluster.ask(leader, "topology", "--json")
                assert len([each for each in ways if each["relay"] == relay]) == BADGES - 1
                talker.badge.press()
                await until(lambda: talker.may_send, "one talks")
                lease = talker.badge.participant.floor.lease
                await until(lambda: all(len(p.sound.sounded_s) > 50 for p in served), "all hear it")
                assert all(p.badge.hearer.ear.packets > 25 for p in served)
                killed_s = time.monotonic()
                cluster.commands[relay].process.send_signal(signal.SIGKILL)
                await until(
                    lambda: all(p.sound.sounded_s[-1] > killed_s + 1.5 for p in served),
                    "all hear it again",
                )
                await end_burst(talker, served, lease, killed_s)
                gap_ms = max(p.sound.longest_gap_ms(killed_s - 0.5) for p in served)
                with capsys.disabled():
                    print(f"\n{len(served)} badges, relay killed: silence of {gap_ms} ms")
                ways = await cluster.ask(leader, "topology", "--json")
                assert not any(each["relay"] for each in ways)

    asyncio.run(scenario())


def test_a_host_that_drains_is_relieved_of_its_listeners(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            leader = await cluster.until_led()
            relay = "b" if leader == "a" else "a"
            async with relayed(cluster, leader, relay) as people:
                await cluster.ask(relay, "host", "drain")
                port = badges_port(cluster, relay)
                await until(lambda: not served_by(people, port), "the leader serves all")

    asyncio.run(scenario())


@pytest.mark.proof
def test_one_of_two_relays_killed_among_forty_badges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "abc") as cluster:
            leader = await cluster.until_led()
            first, second = (name for name in "abc" if name != leader)
            async with relayed(cluster, leader, first + second, 40) as people:
                port, other = badges_port(cluster, first), badges_port(cluster, second)
                left, kept = served_by(people, port), served_by(people, other)
                assert min(len(left), len(kept)) > 10
                talker = next(p for p in people if p not in left + kept)
                talker.badge.press()
                await until(lambda: talker.may_send, "one talks")
                lease = talker.badge.participant.floor.lease
                await until(lambda: all(len(p.sound.sounded_s) > 50 for p in left), "all hear it")
                killed_s = time.monotonic()
                cluster.commands[first].process.send_signal(signal.SIGKILL)
                await until(
                    lambda: all(p.sound.sounded_s[-1] > killed_s + 1.5 for p in left),
                    "all hear it again",
                )
                await end_burst(talker, left + kept, lease, killed_s)
                silent, not_silent = (
                    max(p.sound.longest_gap_ms(killed_s - 0.5) for p in group)
                    for group in (left, kept)
                )
                with capsys.disabled():
                    print(
                        f"\n{len(left)} of 39 lost their relay: silence of {silent} ms, "
                        f"of the others {not_silent} ms"
                    )

    asyncio.run(scenario())
