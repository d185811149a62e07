"""Three hosts are updated, one after the other, and taken back again, while people talk: whoever
was granted the floor is heard by everybody. The former hosts are processes of the former version's
code, taken from the history, on the same folders."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.command import PRESSEL, running, until
from tests.e2e.test_failover import Person, badges_port
from tests.e2e.test_former_host import former_code
from tests.e2e.test_nodes import Cluster, free_port
from tests.patience import PATIENCE_S

from ptt.base import events

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

FORMER = "b2ab09be30c78895f45ef0e06b1894df5ac9cda1"  # version 2.9 of the protocol
BURSTS_MIN = 4
BURST_S, PAUSE_S = 1.5, 0.5
HEARD_S = 2.0  # until a listener has told what it heard, after the end of a burst


class Shift(Cluster):
    """Hosts "a", "b" and "c", each of the former version or of this one; both use its folder."""

    def __init__(self, folder: Path) -> None:
        code = former_code(folder / "code", FORMER)
        path = f"PYTHONPATH={code / 'host'}:{code / 'shared'}"
        self.of = {"former": ("env", path, sys.executable, "-m", "pressel"), "now": PRESSEL}
        super().__init__(folder, "abc")
        self._runs: dict[str, contextlib.AsyncExitStack] = {}
        self._for_badges = {name: free_port() for name in self.names}  # a box keeps its address

    async def start(self, name: str, version: str) -> None:
        self.starts += 1
        peers = [each for n in self.names if n != name for each in self._peer(n)]
        stack = contextlib.AsyncExitStack()
        self.commands[name] = await stack.enter_async_context(
            running(
                self.folder / f"{name}-{self.starts}", "node", "--json", "--no-discovery",
                "--listen", f"127.0.0.1:{self._for_badges[name]}",
                "--hosts", f"127.0.0.1:{self.ports[name]}",
                "--state", self.state(name), "--control", self.folder / f"{name}.sock",
                *peers, command=self.of[version],
            )
        )  # fmt: skip
        self._runs[name] = stack

    def _peer(self, name: str) -> tuple[str, str]:
        return "--peer", f"127.0.0.1:{self.ports[name]}"

    def order(self, leader: str) -> list[str]:
        """The leader last, as the manual says; and before it the one that would stand first: it
        has just started when the leader goes."""
        ready = {n: next(e for e in self.events(n) if e["event"] == "ready") for n in self.names}
        others = [name for name in self.names if name != leader]
        return [*sorted(others, key=lambda n: str(ready[n]["host"]), reverse=True), leader]

    async def replace(self, name: str, version: str) -> None:
        """As an operator does: stop it, start the other version, look until it takes part."""
        assert (await self.commands[name].stop()).code == 0
        await self._runs.pop(name).aclose()
        await self.start(name, version)
        await self.until_led()

    async def close(self) -> None:
        for stack in self._runs.values():
            await stack.aclose()


class Speech:
    """One person talks, burst after burst, until `stop`; all others are to hear each."""

    def __init__(self, people: list[Person]) -> None:
        self._people = people
        self._is_over = False
        self.bursts = 0
        self.denied: list[int] = []  # why, of presses that were not granted

    async def run(self) -> None:
        talker = self._people[0]
        while not self._is_over:
            answered = self._answered()
            talker.badge.press()
            await until(lambda n=answered: self._answered() > n, "an answer to the press")
            self.denied += talker.all(events.DENIED)[len(self.denied) :]
            await asyncio.sleep(BURST_S)
            talker.badge.release()
            self.bursts += 1
            await until(lambda: not talker.may_send, "the end of the burst")
            await asyncio.sleep(PAUSE_S)

    def _answered(self) -> int:
        return len(self._people[0].all(events.GRANTED) + self._people[0].all(events.DENIED))

    def stop(self) -> None:
        self._is_over = True

    def lost(self) -> list[tuple[str, int]]:
        """Who has not heard which burst."""
        leases = self._people[0].all(events.GRANTED)
        assert len(set(leases)) == len(leases) >= self.bursts
        found = []
        for person in self._people[1:]:
            heard = {value[1] for value in person.all(events.HEARD) if value[2] > 0}
            name = person.badge.participant.name.decode()
            found += [(name, lease) for lease in leases if lease not in heard]
        return found


@contextlib.asynccontextmanager
async def people_at(cluster: Shift, leader: str) -> AsyncIterator[list[Person]]:
    address, state = ("127.0.0.1", badges_port(cluster, leader)), cluster.state(leader)
    people = [Person(number, address, state) for number in (1, 2, 3)]
    async with contextlib.AsyncExitStack() as stack:
        for person in people:
            await stack.enter_async_context(person.badge)
            carrying = asyncio.create_task(person.badge.carry_sound())
            stack.callback(carrying.cancel)
        await until(lambda: all(p.all(events.JOINED) for p in people), "all have joined")
        yield people


def test_no_burst_is_lost_while_three_hosts_are_updated_and_taken_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        cluster = Shift(tmp_path)
        try:
            for name in cluster.names:
                await cluster.start(name, "former")
            leader = await cluster.until_led()
            async with people_at(cluster, leader) as people:
                speech = Speech(people)
                talking = asyncio.create_task(speech.run())
                try:
                    for version in ("now", "former"):
                        last = await cluster.until_led()
                        for name in cluster.order(last):
                            await cluster.replace(name, version)
                    # A quick machine is done with all six within the time of three bursts.
                    await until(lambda: speech.bursts >= BURSTS_MIN, "enough bursts")
                finally:
                    speech.stop()
                    await asyncio.wait_for(talking, PATIENCE_S)
                await asyncio.sleep(HEARD_S)
                assert speech.denied == []
                assert speech.lost() == []
                assert not [p for p in people if p.all(events.LOST)]
        finally:
            await cluster.close()

    asyncio.run(scenario())
