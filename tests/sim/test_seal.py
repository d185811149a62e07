"""The stand-in seal refuses what the real one refuses, and some runs still use the real one."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from tests.sim.facts import spec
from tests.sim.mutants import replaced

from pressel.sim.choice import Choice, combinations
from pressel.sim.scenarios import scenario_names
from pressel.sim.world import record
from pressel.sim.world.people import marker
from pressel.sim.world.run import run
from pressel.sim.world.seal import (
    REAL,
    REAL_EVERY,
    STAND_IN,
    StandInCipher,
    StandInLink,
    StandInTags,
    StandInVoiceKeys,
    kind_of,
)
from pressel.sim.world.world import World
from ptt.badge.key_ring import KeyRing
from ptt.badge.voice_keys import VoiceKeys
from ptt.base.numbers import FRAMES_PER_PACKET_MAX
from ptt.link import derive
from ptt.link.derive import SessionKeys
from ptt.link.hmac import HmacKey
from ptt.link.link import Link
from ptt.wire import envelope, messages, refusal, voice

AT_US = 3_500_000  # somebody talks, everybody listens
MOST_KEYS = ("failover", "relays", "crowd")  # new leaders, relays, and voice that is sent once
OTHERS = [name for name in scenario_names() if name not in MOST_KEYS]
SEALS = pytest.mark.parametrize("seal", [STAND_IN, REAL])


class Tapped:
    """A venue of three in mid-burst, with what each participant has received."""

    def __init__(self, seal: str) -> None:
        self.world = World(spec(3, seal=seal))
        self.got: dict[int, list[bytes]] = {1: [], 2: [], 3: []}
        self._refused: list[int] = []
        self.world.record.watch(record.DELIVERED, self._on_delivered)
        self.world.record.watch(record.REFUSED, lambda now, node, why, b, data: self._note(why))
        self.world.loop.at(AT_US, self._freeze)
        self.is_over = False
        with contextlib.suppress(StopIteration):
            self.world.run()

    def _freeze(self, _: Any) -> None:
        raise StopIteration

    def _on_delivered(self, now_us: int, node: int, source: int, size: int, data: Any) -> None:
        if node:
            self.got[node].append(bytes(data))

    def _note(self, reason: int) -> None:
        self._refused.append(reason)

    def listeners(self) -> tuple[int, int]:
        """Two participants that get voice now."""
        one, other = [n for n in (1, 2, 3) if self.got[n][-1][1] == messages.VOICE_FRAME]
        return one, other

    def give(self, node: int, data: bytes) -> list[str]:
        """Let `data` come to `node` from the leader; the reasons for which it was refused."""
        self._refused.clear()
        self.world.nodes[node]._busy_until_us = 0
        self.world.nodes[node].arrive(data, 0)
        return [refusal.NAMES[reason] for reason in self._refused]


def mended(data: bytes | bytearray) -> bytes:
    """`data` with the CRC that it ought to have, so that only the tag can tell what is wrong."""
    changed = bytearray(data)
    end = envelope.payload_end(changed)
    crc = envelope.header_crc(changed, envelope.payload_crc(changed[0:end]))
    envelope.put_crc(changed, crc)
    return bytes(changed)


@SEALS
def test_what_comes_twice_is_refused(seal: str) -> None:
    venue = Tapped(seal)
    node, _ = venue.listeners()
    assert venue.give(node, venue.got[node][-1]) == ["replay"]


@SEALS
def test_what_has_another_number_is_refused(seal: str) -> None:
    venue = Tapped(seal)
    node, _ = venue.listeners()
    changed = bytearray(venue.got[node][-1])
    envelope.put32(changed, 12, envelope.seq(changed) + 1)
    assert venue.give(node, mended(changed)) == ["tag"]


@SEALS
def test_what_was_put_together_from_two_is_refused(seal: str) -> None:
    venue = Tapped(seal)
    node, _ = venue.listeners()
    older, newer = [each for each in venue.got[node] if each[1] == messages.VOICE_FRAME][-2:]
    end = envelope.payload_end(newer)
    changed = bytearray(newer)
    envelope.put32(changed, 12, envelope.seq(changed) + 1)
    changed[envelope.HEADER_BYTES : end] = older[envelope.HEADER_BYTES : end]
    assert venue.give(node, mended(changed)) == ["tag"]


@SEALS
def test_what_is_sealed_for_another_is_refused(seal: str) -> None:
    venue = Tapped(seal)
    node, other = venue.listeners()
    changed = bytearray(venue.got[other][-1])
    envelope.put32(changed, 4, envelope.session_id(venue.got[node][-1]))
    envelope.put32(changed, 12, envelope.seq(venue.got[node][-1]) + 1)
    assert venue.give(node, mended(changed)) == ["tag"]


@SEALS
def test_a_flipped_bit_is_refused(seal: str) -> None:
    venue = Tapped(seal)
    node, _ = venue.listeners()
    changed = bytearray(venue.got[node][-1])
    changed[60] ^= 1
    assert venue.give(node, bytes(changed)) == ["crc"]


@contextlib.contextmanager
def every_badge_has_a_key_of_its_own() -> Iterator[None]:
    """No badge accepts the key of its group's voice as it was given."""
    numbers = itertools.count()
    original = KeyRing.put

    def put(self: KeyRing, group: int, epoch: int, key: bytes, now_ms: int) -> bool:
        number = self.__dict__.setdefault("number", next(numbers))
        return original(self, group, epoch, bytes((key[0] ^ number,)) + key[1:], now_ms)

    with replaced(KeyRing, "put", put):
        yield


@SEALS
def test_voice_under_another_key_is_heard_as_something_that_nobody_said(seal: str) -> None:
    with every_badge_has_a_key_of_its_own():
        seen = {each["checker"] for each in run(spec(6, seal=seal))["violations"]}
    assert "one voice" in seen


@contextlib.contextmanager
def tag_not_looked_at() -> Iterator[None]:
    """Neither the badge's own link nor the stand-in's looks."""

    def believe(self: Link, keys: Any, data: Any) -> bool:
        return True

    with replaced(Link, "is_sealed_by", believe), replaced(StandInLink, "is_sealed_by", believe):
        yield


@SEALS
def test_the_tests_above_can_fail(seal: str) -> None:
    with tag_not_looked_at():
        venue = Tapped(seal)
        node, _ = venue.listeners()
        changed = bytearray(venue.got[node][-1])
        envelope.put32(changed, 12, envelope.seq(changed) + 1)
        assert "tag" not in venue.give(node, mended(changed))


# Stand-ins that do at once what the engine's own rooms do step by step


@pytest.mark.parametrize("frame", [(1, 2, 3, 4), (0xFFFF, 0x1234, (1 << 30) - 1, 0xABCD)])
@pytest.mark.parametrize("count", range(1, FRAMES_PER_PACKET_MAX + 1))
def test_the_short_way_to_cross_frames_leads_to_the_same(
    count: int, frame: tuple[int, int, int, int]
) -> None:
    marker.install()
    cipher = StandInCipher(bytes(range(1, 17)))
    epoch, talker, lease, number = frame
    crossed = []
    for kind in (VoiceKeys, StandInVoiceKeys):
        owner: Any = None  # whom only keys that come and go concern
        keys = kind(owner, StandInTags(), StandInCipher)
        keys.ring.epoch = epoch
        data = bytearray(range(128)) * 5
        data[voice.CODEC_AT] = messages.CODEC_IMA_ADPCM
        keys.cross_frames(cipher, data, talker, lease, number, count)
        crossed.append(data)
    assert crossed[0] == crossed[1]
    assert crossed[0][voice.FRAMES_AT :] != (bytearray(range(128)) * 5)[voice.FRAMES_AT :]


@pytest.mark.parametrize("is_leader", [False, True])
def test_the_short_way_to_a_tag_leads_to_the_same(is_leader: bool) -> None:
    keys = SessionKeys(HmacKey(b"up"), HmacKey(b"down"), b"wrap")
    sender, receiver = StandInLink(StandInTags(), is_leader), Link(StandInTags(), not is_leader)
    plain = Link(StandInTags(), is_leader)
    for link in (sender, receiver, plain):
        link.begin(7, keys, 0)
    data = bytearray(60)
    envelope.write_header(data, 52, messages.VOICE_FRAME, 7, 1, 9, 0)
    same = bytearray(data)
    plain.load(same)
    assert sender.seal(data, 52) and plain.seal(same, 52)
    assert data == same
    receiver.load(data)
    assert receiver.open(data, 0) == refusal.ACCEPTED
    assert receiver.open(data, 0) == refusal.REPLAY
    back = StandInLink(StandInTags(), not is_leader)
    back.begin(7, keys, 0)
    assert back.open(data, 0) == refusal.ACCEPTED
    back.begin(7, keys, 0)
    data[59] ^= 1
    assert back.open(data, 0) == refusal.TAG
    assert not StandInLink(StandInTags(), is_leader).seal(data, 52)  # nobody gave it keys


# Which runs are sealed really


@pytest.mark.sweep(len(MOST_KEYS))
@pytest.mark.parametrize("scenario", [*MOST_KEYS, *OTHERS])
def test_every_scenario_runs_with_the_real_seal(scenario: str) -> None:
    result = run(Choice(scenario, "busy", 5, seal=REAL).spec())
    assert (result["seal"], result["violations"]) == (REAL, [])


@pytest.mark.parametrize("scenario", scenario_names())
def test_of_seeds_in_a_row_each_kind_of_run_has_the_real_seal_once(scenario: str) -> None:
    seeds = range(40, 40 + REAL_EVERY)
    kinds = [
        kind_of(each.spec()) for each in combinations([scenario], ["clean"], [5], ["v2"], seeds)
    ]
    assert sorted(kinds) == sorted([REAL] + [STAND_IN] * (REAL_EVERY - 1))


def test_of_many_kinds_of_run_a_share_has_the_real_seal_with_any_seed() -> None:
    kinds = [
        kind_of(Choice(name, "clean", seed=seed).spec())
        for name in scenario_names()
        for seed in range(1, 9)
    ]
    assert 1 <= kinds.count(REAL) <= len(kinds) // 8


def test_whoever_asks_gets_the_seal_that_he_asks_for() -> None:
    for seal in (REAL, STAND_IN):
        assert {kind_of({**spec(3, seed=seed), "seal": seal}) for seed in range(32)} == {seal}
    assert kind_of({**spec(3), "seal": STAND_IN, "virtual_badges": 1}) == REAL


def test_a_devices_key_that_begins_like_a_datagram_gives_whole_keys() -> None:
    key = bytes((messages.VERSION,)) + bytes(31)  # one device in 256 has such a one
    assert len(derive.session_secret(StandInTags(), key, bytes(16), bytes(16))) == derive.KEY_BYTES
