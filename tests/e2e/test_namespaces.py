"""A venue on a network of its own, with real multicast: three hosts, of which two relay, fifty
badges, an access point that begins to swallow multicast amid a word, and one that turns it into
unicast."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import Command, running, until
from tests.e2e.network import Network, network, why_not
from tests.e2e.test_nodes import Cluster, cluster_of
from tests.e2e.test_relays import BUFFERED_MS, SPARED

from ptt.base.numbers import FRAME_MS
from ptt.fanout.again import FRAMES_MAX

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

HOSTS = {"a": "10.77.0.1", "b": "10.77.0.2", "c": "10.77.0.3"}
PEOPLE = {"hall": 18, "deaf": 15, "turned": 15}
VIRTUAL = ("V", "W")  # in the hall
PLACES = {"hall": "10.77.0.11", "deaf": "10.77.0.12", "turned": "10.77.0.13"}
LIMIT_S = 120.0  # to join, and to be measured; sixteen probes take sixteen seconds
OWN_LISTENERS = 10  # whom the leader serves itself


class Crowd:
    """A running crowd_program."""

    def __init__(self, command: Command) -> None:
        self._command = command

    @property
    def state(self) -> dict[str, Any]:
        """As of at most half a second ago; empty before the first."""
        whole = self._command.out.rpartition("\n")[0]
        return json.loads(whole.rpartition("\n")[2]) if whole else {}

    def say(self, word: str) -> None:
        pipe = self._command.process.stdin
        assert pipe is not None
        pipe.write(f"{word}\n".encode())
        pipe.flush()


@contextlib.asynccontextmanager
async def crowds(
    net: Network, work: Path, state: Path, leader: tuple[str, int]
) -> AsyncIterator[dict[str, Crowd]]:
    async with contextlib.AsyncExitStack() as stack:
        found: dict[str, Crowd] = {}
        first = 1
        for name, count in PEOPLE.items():
            folder = work / name
            program = (sys.executable, "-m", "tests.e2e.crowd_program")
            words = (state, *leader, first, count, folder, *(VIRTUAL if name == "hall" else ()))
            command = running(folder, *map(str, words), command=(*net.inside(name), *program))
            found[name] = Crowd(await stack.enter_async_context(command))
            first += count

        def all_are_in() -> bool:
            states = {name: crowd.state for name, crowd in found.items()}
            return all(each and each["joined"] == PEOPLE[name] for name, each in states.items())

        await until(all_are_in, "all have joined", LIMIT_S)
        yield found


async def begin_burst(found: dict[str, Crowd]) -> int:
    """The first one in the hall talks, and all others hear it; its lease."""
    for crowd in found.values():
        crowd.say("mark")
    talker = found["hall"]
    talker.say("press")
    await until(lambda: talker.state["may_send"], "the floor")
    await until(lambda: fewest_sounds(found) > 50, "all hear it")
    return talker.state["lease"]


def fewest_sounds(found: dict[str, Crowd]) -> int:
    """Since the mark, in any listener's speaker; a state may be of before the mark."""
    counts = [count for crowd in found.values() for count in crowd.state["sounded"]]
    return min(counts[1:])  # all but the talker


async def go_on(found: dict[str, Crowd]) -> None:
    for crowd in found.values():
        crowd.say("mark")
    await asyncio.sleep(1)  # a state of after the mark
    await until(lambda: fewest_sounds(found) > 75, "all hear it again")


async def end_burst(found: dict[str, Crowd], lease: int) -> dict[str, int]:
    """Let go, and see that nobody lost a word but what a silence longer than its buffer took; the
    longest silence in each place, in ms."""
    found["hall"].say("release")

    def heard() -> list[dict[str, int]]:
        """All but the talker."""
        return [each for crowd in found.values() for each in crowd.state["heard"]][1:]

    await until(lambda: all(str(lease) in each for each in heard()), "all heard it to its end")
    counts = [each[str(lease)] for each in heard()]
    silent_ms = {name: max(crowd.state["gaps_ms"]) for name, crowd in found.items()}
    worst_ms = max(silent_ms.values()) + BUFFERED_MS
    beyond = max(0, worst_ms // FRAME_MS - FRAMES_MAX)
    assert min(counts) >= max(counts) - SPARED - beyond, (counts, silent_ms)
    return silent_ms


async def measured(found: dict[str, Crowd], hears: set[str]) -> None:
    """All in those places hear multicast, nobody elsewhere."""

    def is_so() -> bool:
        return all(
            crowd.state["hears_many"] == (PEOPLE[name] if name in hears else 0)
            for name, crowd in found.items()
        )

    await until(is_so, f"multicast is heard in {sorted(hears)} alone", LIMIT_S)


def relays_of(found: dict[str, Crowd]) -> list[str]:
    return [relay for crowd in found.values() for relay in crowd.state["relays"] if relay]


async def many_and_alone(cluster: Cluster, leader: str, net: Network, found: Any) -> dict[str, int]:
    """A burst goes once to those who hear it, and to all others alone; then the hall goes deaf."""
    await measured(found, {"hall", "turned"})
    lease = await begin_burst(found)
    net.swallow_multicast("hall")
    await go_on(found)
    silent_ms = await end_burst(found, lease)
    await measured(found, {"turned"})
    ways: Any = await cluster.ask(leader, "topology", "--json")
    assert len({(each["way"], each["why"]) for each in ways}) >= 3, ways
    return silent_ms


async def relayed(cluster: Cluster, leader: str, found: Any) -> dict[str, int]:
    """Two hosts relay; one of them is killed while somebody talks."""
    await cluster.ask(leader, "settings", "set", "relay.multicast_group", "0")
    await cluster.ask(leader, "settings", "set", "relay.own_listeners", str(OWN_LISTENERS))
    served = sum(PEOPLE.values()) - OWN_LISTENERS - 1  # the talker may be one
    await until(lambda: len(relays_of(found)) >= served, "relays serve the others", LIMIT_S)
    assert len(set(relays_of(found))) == 2
    lease = await begin_burst(found)
    victim = next(name for name in HOSTS if HOSTS[name] == relays_of(found)[0])
    cluster.commands[victim].process.send_signal(signal.SIGKILL)
    await go_on(found)
    return await end_burst(found, lease)


def test_fifty_badges_in_a_network_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if reason := why_not():
        pytest.skip(reason)

    async def scenario(net: Network) -> None:
        for name, address in {**HOSTS, **PLACES}.items():
            net.add(name, address, turns_into_unicast=name == "turned")
        net.swallow_multicast("deaf")
        place = lambda name: (net.inside(name), HOSTS[name])  # noqa: E731
        async with cluster_of(tmp_path, "abc", place) as cluster:
            leader = await cluster.until_led()
            (ready,) = [e for e in cluster.events(leader) if e["event"] == "ready"]
            await cluster.ask(leader, "settings", "set", "relay.multicast_group", "258")
            address = (HOSTS[leader], int(str(ready["port"])))
            async with crowds(net, tmp_path, cluster.state(leader), address) as found:
                deaf_ms = await many_and_alone(cluster, leader, net, found)
                killed_ms = await relayed(cluster, leader, found)
        with capsys.disabled():
            print(f"\nsilence in ms, multicast swallowed: {deaf_ms}; relay killed: {killed_ms}")

    with network() as net:
        asyncio.run(scenario(net))
