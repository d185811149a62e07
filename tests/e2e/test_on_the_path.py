"""Attacks by somebody who sees everything between badges and leader, and can use the addresses of
both."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from tests.e2e.stage import ask, faults, heard_by, words
from tests.e2e.tap import Seen, Tap, tapped
from tests.hostile.stage import in_the_clear
from tests.patience import PATIENCE_S

from pressel.demo.actor import Actor
from pressel.demo.venue import LeaderProcess, run_badges, run_leader
from ptt.wire import codec, envelope, messages

pytestmark = pytest.mark.e2e

HIGH_SEQ = 1 << 20  # beyond what any badge has sent by now
EVERY_S = 0.005
FORGED = 36  # answers to six HELLOs, of two badges
ROUNDS = 20  # of a dozen forged datagrams to each badge, over two seconds of speech
# One at a time and not a dozen at once: a badge's mailbox holds six, and voice must find room in it
# also where the machine serves the badge late.
FORGED_EACH_S = 0.1 / 12
REFUSED = ("replay", "tag", "session", "source", "sender", "type", "sealed")


@contextlib.asynccontextmanager
async def watched(
    work: Path, names: str = "AB"
) -> AsyncIterator[tuple[LeaderProcess, Tap, list[Actor]]]:
    async with (
        run_leader(work) as leader,
        tapped(leader.address) as tap,
        run_badges(names, tap.address, work) as actors,
    ):
        yield leader, tap, actors


async def refused(leader: LeaderProcess) -> int:
    """How many datagrams were refused for what they are."""
    counts = (await ask(leader)).refused
    return sum(counts.get(reason, 0) for reason in REFUSED)


def sealed_of(seen: Iterable[Seen]) -> list[Seen]:
    return [each for each in seen if envelope.is_sealed(each.data)]


def claiming(data: bytes, **claims: int) -> bytes:
    """A datagram with other claims and the right checksum; the tag is what it was."""
    changed = bytearray(data)
    for name, value in claims.items():
        if name == "node":
            envelope.put16(changed, 8, value)
        else:
            envelope.put32(changed, {"session": 4, "seq": 12}[name], value)
    envelope.put_crc(changed, envelope.header_crc(changed, envelope.payload_crc(changed)))
    return bytes(changed)


def grafted(head: bytes, body: bytes) -> bytes:
    """The payload and tag of `body` behind the header of `head`."""
    return claiming(head[: envelope.HEADER_BYTES] + body[envelope.HEADER_BYTES :])


def attacks(kept: list[Seen]) -> dict[str, list[Seen]]:
    """What can be made from datagrams that were good once, by name."""
    up = [each for each in kept if each.is_up]
    first = {each.who: each for each in reversed(up)}
    made: dict[str, list[Seen]] = {
        "again": kept,
        "back where it came from": [Seen(who, not is_up, data) for who, is_up, data in kept],
        "under another number": [
            each._replace(data=claiming(each.data, seq=HIGH_SEQ + at))
            for at, each in enumerate(kept)
        ],
        "to another badge": [Seen(1 - who, is_up, data) for who, is_up, data in kept],
        "in another session": [],
        "with another's payload": [],
    }
    for at, (who, _, data) in enumerate(up):
        other = first[1 - who].data
        claims = {"session": envelope.session_id(other), "node": envelope.source_node(other)}
        moved = claiming(data, seq=HIGH_SEQ + at, **claims)
        made["in another session"].append(Seen(1 - who, True, moved))
    alike: dict[int, list[Seen]] = {}
    for each in up:
        alike.setdefault(len(each.data), []).append(each)
    for same in alike.values():
        for one, other in itertools.pairwise(same):
            head = claiming(one.data, seq=HIGH_SEQ + 1)
            grafted_data = grafted(head, other.data)
            made["with another's payload"].append(Seen(one.who, True, grafted_data))
    return made


@pytest.mark.proof
def test_what_was_good_once_is_good_for_nothing_more(work: Path) -> None:
    """Replay, reflection, cut and paste between numbers, badges, sessions and payloads."""

    async def scenario(work: Path) -> list[str]:
        async with watched(work) as (leader, tap, (a, b)):
            early = await a.press_and_speak(words(1, 1.5).pcm)
            await heard_by(early, b)
            kept = sealed_of(tap.seen)
            made = attacks(kept)
            for name, sent in made.items():
                assert len(sent) > 20, name
                to_leader = sum(each.is_up for each in sent)
                before = await refused(leader)
                for each in sent:
                    tap.send(*each)
                    await asyncio.sleep(EVERY_S / 5)

                async def counted(goal: int = before + to_leader) -> None:
                    while await refused(leader) < goal:
                        await asyncio.sleep(0.05)

                async with asyncio.timeout(PATIENCE_S):
                    await counted()
            state = await ask(leader)
            assert {each.name for each in state.members} == {"A", "B"}
            assert state.floors[0].lease == early.lease

            everything = [each for sent in made.values() for each in sent]
            random.Random(7).shuffle(everything)

            async def spray() -> None:
                while True:
                    for each in everything:
                        tap.send(*each)
                        await asyncio.sleep(EVERY_S)

            spraying = asyncio.create_task(spray())
            said = await b.press_and_speak((speech := words(2)).pcm)
            await heard_by(said, a)
            spraying.cancel()
            assert a.find("lost", 0) is None and b.find("lost", 0) is None
            assert said.lease == early.lease + 1
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []


def test_an_old_session_is_no_session(work: Path) -> None:
    """A badge had to join again: what it and the leader said before opens nothing."""

    async def scenario(work: Path) -> list[str]:
        async with watched(work) as (leader, tap, (a, b)):
            (address,) = [each.address for each in (await ask(leader)).members if each.name == "A"]
            which = tap.at(address)
            old = [each for each in sealed_of(tap.seen) if each.who == which]
            tap.passes = lambda seen: () if seen.who == which else (seen.data,)
            lost = await a.wait_for("lost", limit_s=PATIENCE_S)
            tap.mend()
            await a.wait_for("joined", after_ms=lost.t_ms, limit_s=PATIENCE_S)
            before = (await ask(leader)).refused.get("session", 0)
            ups = [each for each in old if each.is_up]
            for each in old:
                tap.send(*each)
                await asyncio.sleep(EVERY_S)

            async def counted() -> int:
                return (await ask(leader)).refused.get("session", 0) - before

            async with asyncio.timeout(PATIENCE_S):
                while await counted() < len(ups):
                    await asyncio.sleep(0.05)
            assert a.find("lost", lost.t_ms + 1) is None
            said = await a.press_and_speak((speech := words(1)).pcm)
            await heard_by(said, b)
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []


def test_what_is_swapped_and_doubled_on_its_way_is_heard_once(work: Path) -> None:
    async def scenario(work: Path) -> list[str]:
        async with watched(work) as (_, tap, (a, b)):
            held: dict[tuple[int, bool], bytes] = {}
            swapped = 0

            def swap(seen: Seen) -> tuple[bytes, ...]:
                """Every second voice packet overtakes the one before it, and all come twice."""
                nonlocal swapped
                way = (seen.who, seen.is_up)
                before = held.pop(way, None)
                if before is not None:
                    swapped += 1
                    return (seen.data, before, seen.data, before)
                if seen.data[1] == messages.VOICE_FRAME:
                    held[way] = seen.data
                    return ()
                return (seen.data, seen.data)

            tap.passes = swap
            said = await a.press_and_speak((speech := words(2)).pcm)
            await heard_by(said, b)
            assert swapped > 50
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []


def forged_answers(hello: bytes) -> list[bytes]:
    """Answers to a HELLO: from a leader without keys, of today's and of older versions, and
    refusals."""
    fields = codec.decode(messages.HELLO, hello, 24, envelope.payload_end(hello))
    nonce = fields[1]
    welcome = (nonce, 2, 77, 900, messages.TABLE_HASH, 1, messages.CODEC_IMA_ADPCM)
    made = [
        in_the_clear(messages.WELCOME, welcome, version, session=77, node=envelope.LEADER_NODE)
        for version in (messages.VERSION, 0x24, 0x23, 0x20)
    ]
    made.append(in_the_clear(messages.CHALLENGE, (nonce, bytes(16)), node=envelope.LEADER_NODE))
    made.append(with_a_made_up_tag(made[0]))
    return made


def with_a_made_up_tag(data: bytes) -> bytes:
    """As if it were sealed: with a tag that nobody has made."""
    marked = bytearray(data) + bytes(envelope.TAG_BYTES)
    marked[3] = envelope.FLAG_SEALED
    envelope.put_crc(marked, envelope.header_crc(marked, envelope.payload_crc(marked)))
    return bytes(marked)


def in_its_name(session: int, term: int, lease: int, seq: int) -> list[bytes]:
    """What a leader may say to a member, forged: each in the clear and with a made-up tag."""
    said: list[bytes] = []
    for kind, values in (
        (messages.FLOOR_REVOKED, (1, term, lease, 1)),
        (messages.FLOOR_GRANT, (1, 1, term, lease + 1, 2000, 60000)),
        (messages.FLOOR_IDLE, (1, term, lease + 1)),
        (messages.ROLE_ANNOUNCE, (messages.ROLE_LEADER, term + 256)),
        (messages.ROLE_ANNOUNCE, (messages.ROLE_RESIGNED, term)),
        (messages.NACK, (messages.NACK_UNKNOWN_SESSION, 0x20, 0x2F, 1)),
    ):
        data = in_the_clear(kind, values, session=session, node=envelope.LEADER_NODE, seq=seq)
        said += [data, with_a_made_up_tag(data)]
    return said


def test_nobody_but_the_leader_is_believed(work: Path) -> None:
    """A forged leader while badges join, of this version and of older ones without seals; then
    grants, revocations and farewells in its name while one talks."""

    async def scenario(work: Path) -> list[str]:
        async with run_leader(work) as leader, tapped(leader.address) as tap:
            forged: list[bytes] = []

            def forge(seen: Seen) -> tuple[bytes, ...]:
                """None of the leader's answers comes through until so many have been forged."""
                if len(forged) >= FORGED:
                    return (seen.data,)
                if seen.is_up and seen.data[1] == messages.HELLO:
                    for data in forged_answers(seen.data):
                        forged.append(data)
                        tap.send(seen.who, False, data)
                return ()

            tap.passes = forge
            async with run_badges("AB", tap.address, work) as (a, b):
                assert len(forged) >= FORGED
                state = await ask(leader)
                assert {each.name for each in state.members} == {"A", "B"}
                tap.mend()
                speaking = asyncio.create_task(a.press_and_speak((speech := words(2)).pcm))
                await b.wait_for("hearing")
                term, lease = state.term, state.floors[0].lease + 1
                for at in range(ROUNDS):
                    sessions = [
                        envelope.session_id(
                            next(d for w, up, d in reversed(tap.seen) if w == who and up)
                        )
                        for who in (0, 1)
                    ]
                    both = [in_its_name(each, term, lease, HIGH_SEQ + at) for each in sessions]
                    for pair in zip(*both, strict=True):
                        for who, data in enumerate(pair):
                            tap.send(who, False, data)
                        await asyncio.sleep(FORGED_EACH_S)
                said = await speaking
                await heard_by(said, b)
                for actor in (a, b):
                    assert actor.find("lost", 0) is None and actor.find("moved", 0) is None
                assert b.find("granted", 0) is None and a.find("revoked", 0) is None
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []
