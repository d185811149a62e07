"""Floods at running processes while people talk: what the report of phase 7 tells of them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.e2e.command import until
from tests.e2e.tap import Seen, tapped
from tests.e2e.test_failover import (
    Person,
    check_same_burst,
    end_burst,
    talking,
    until_heard_again,
)
from tests.e2e.test_nodes import Cluster, cluster_of
from tests.hostile.stage import forged

from pressel.node.channel import handshake
from pressel.node.channel.pair import mark
from ptt.base import events
from ptt.base.numbers import FRAME_MS
from ptt.link.hmac import HmacKey
from ptt.wire import messages
from ptt.wire.envelope import LEADER_NODE

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

Tell = Callable[[str, object], None]

ANSWERS_PER_S = 8_000
ANNOUNCEMENTS_PER_S = 500  # to each badge
FLOOD_S = 5.0
BATCH_S = 0.01
LAID_EACH = 50  # datagrams: one signature then, and twenty hashes


class Yardstick:
    """What one `act` costs in this process while something else is measured: a busy machine makes
    both dearer."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._count = 0
        self._taken_s = 0.0

    def lay(self, count: int) -> None:
        begun_s = time.thread_time()
        for _ in range(count):
            self._act()
        self._taken_s += time.thread_time() - begun_s
        self._count += count

    @property
    def each_us(self) -> float:
        return self._taken_s / self._count * 1e6


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@contextlib.contextmanager
def stranger() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        yield out


async def flood(per_s: int, send: Callable[[int], None]) -> int:
    """`send(number)` so often for `FLOOD_S`, as far as this process comes to it."""
    begun_s = time.monotonic()
    sent = 0
    while (passed_s := time.monotonic() - begun_s) < FLOOD_S:
        while sent < passed_s * per_s:
            with contextlib.suppress(OSError):
                send(sent)
            sent += 1
        await asyncio.sleep(BATCH_S)
    return sent


def test_forged_answers_cost_a_host_a_hash_each_and_voice_goes_on(
    tmp_path: Path, record_property: Tell
) -> None:
    """Somebody on the path keeps the other host's answer back, and sends it changed instead: with
    the number and the cookie of a question that waits for it, 8,000 times a second."""

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        kept: list[bytes] = []

        def keeps_answers_back(seen: Seen) -> tuple[bytes, ...]:
            if seen.data[0] == handshake.ANSWER and not seen.is_up:
                kept.append(seen.data)
                return ()
            return (seen.data,)

        async with tapped(f"127.0.0.1:{cluster.ports['b']}") as wire:
            wire.passes = keeps_answers_back
            async with (
                cluster.started("a", "--no-discovery", "--peer", wire.address, knows=""),
                cluster.started("b", knows=""),
            ):
                await until(lambda: cluster.leads("a"), "a leads alone")
                await until(lambda: bool(kept), "an answer for a")
                host = psutil.Process(cluster.commands["a"].process.pid)
                async with talking(cluster, "a") as people:
                    before = await counts_of(cluster)
                    calm_s = cpu_s(host)
                    await asyncio.sleep(FLOOD_S)
                    calm_s = cpu_s(host) - calm_s
                    flooded_s, begun_s = cpu_s(host), time.monotonic()

                    key = Ed25519PrivateKey.generate()
                    signed = kept[-1]
                    signature, public = key.sign(signed), key.public_key()
                    hashes = Yardstick(lambda: mark(bytes(32), signed + signed))
                    signatures = Yardstick(lambda: public.verify(signature, signed))

                    def send(number: int) -> None:
                        if number % LAID_EACH == 0:
                            hashes.lay(20)
                            signatures.lay(1)
                        data = bytearray(kept[-1])
                        data[-1 - number % 80] ^= 1 + number % 255  # mark or signature
                        wire.send(0, False, bytes(data))

                    sent = await flood(ANSWERS_PER_S, send)
                    taken_s = time.monotonic() - begun_s
                    flooded_s = cpu_s(host) - flooded_s - calm_s * taken_s / FLOOD_S
                    after = await counts_of(cluster)
                    refused = after.get("forged", 0) - before.get("forged", 0)
                    heard = [at for at in people[2].sound.sounded_s if at > begun_s]
                    gap_ms = people[2].sound.longest_gap_ms(begun_s)
                    assert refused > sent // 2, "they were not of an open question"
                    assert not any(person.all(events.LOST) for person in people)
                    assert len(heard) > taken_s * 1000 / FRAME_MS / 2
                    people[0].badge.release()
        one_us = flooded_s / refused * 1e6
        record_property("answers a second", f"{refused / taken_s:,.0f}")
        record_property("CPU of each, in hashes", f"{one_us / hashes.each_us:.0f}")
        record_property("CPU of each, in signatures", f"{one_us / signatures.each_us:.2f}")
        record_property("longest silence of the burst meanwhile", f"{gap_ms} ms")
        assert one_us < signatures.each_us, "a forged answer costs what a signature does"

    asyncio.run(scenario())


async def counts_of(cluster: Cluster) -> dict[str, int]:
    state = await cluster.ask("a", "node", "status", "--json")
    return state["channel"]  # type: ignore[return-value]


def port_of(person: Person) -> int:
    transport = person.badge._endpoint._transport
    assert transport is not None
    return transport.get_extra_info("sockname")[1]


def test_badges_move_while_strangers_announce_other_leaders(
    tmp_path: Path, record_property: Tell
) -> None:
    """500 forged announcements a second at each badge, before and after its leader is killed."""
    chance = random.Random(9)

    def announce(out: socket.socket, person: Person) -> None:
        join = person.badge.participant.join
        said = (messages.ROLE_LEADER, join.term + 1 + chance.randrange(100))
        key = HmacKey(chance.randbytes(4))
        data = forged(
            key, messages.ROLE_ANNOUNCE, said, join.session, LEADER_NODE, chance.randrange(999)
        )
        out.sendto(data, ("127.0.0.1", port_of(person)))

    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            first = await cluster.until_led()
            async with talking(cluster, first) as people:
                with stranger() as out:

                    def send(number: int) -> None:
                        announce(out, people[number % len(people)])

                    async def flood_for_long() -> None:
                        for _ in range(3):
                            await flood(ANNOUNCEMENTS_PER_S * len(people), send)

                    flooding = asyncio.create_task(flood_for_long())
                    await asyncio.sleep(2)
                    killed_s = time.monotonic()
                    cluster.commands[first].process.send_signal(signal.SIGKILL)
                    await until_heard_again(people, killed_s)
                    assert not flooding.done(), "the flood was over before"
                    flooding.cancel()
                check_same_burst(people)
                refused = [each.badge.participant.refusals.as_dict() for each in people]
                assert all(each["limit"] > each["tag"] > 0 for each in refused)
                gap_ms = people[2].sound.longest_gap_ms(killed_s - 0.5)
                total = sum(each["limit"] for each in refused)
                record_property("forged announcements refused", f"{total:,}")
                record_property("silence until the next leader was heard", f"{gap_ms} ms")
                await end_burst(people)

    asyncio.run(scenario())
