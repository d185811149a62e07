"""What strangers send to a badge makes garbage; there is room for it at the badge's fullest heap.

The real firmware on MicroPython, with a badge's heap, in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.host.stepped_venue import Venue
from tests.hostile.stage import forged, in_the_clear

from pressel.boards.heap import left_out
from pressel.pack import STOCK, build_firmware
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Press, Speak
from ptt.link.hmac import HmacKey
from ptt.wire import messages
from ptt.wire.envelope import LEADER_NODE, TYPE_AT
from ptt.wire.offsets import HELLO_NONCE_AT

MAILBOX = 6  # datagrams that a step takes, all that wait
BURSTS_MS = 1033  # more than the second that a budget is for, and it moves against the frames
BURSTS = 5
SPARE_BYTES = 2_000  # that are left at the worst moment, see test_virtual_faults.py

Venues = Callable[[int], Venue]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heap")
    build_firmware(folder / "firmware", without=left_out("", STOCK.name))
    make_kit(folder).save(folder / "kit.json")
    return folder


@pytest.fixture
def venues(made: Path, tmp_path: Path) -> Iterator[Venues]:
    open_now: list[Venue] = []

    def make(count: int) -> Venue:
        venue = Venue(count, made / "kit.json", made / "firmware", tmp_path)
        open_now.append(venue)
        return venue

    yield make
    for venue in open_now:
        for badge in venue.badges:
            badge.kill()


def flood(venue: Venue, make: Callable[[int, int], bytes]) -> None:
    """`make(index, number)`: a datagram for badge `index`. Bursts come from the leader's address,
    which anybody can forge."""
    begun_ms = venue.now_ms
    number = 0
    for burst in range(BURSTS):
        venue.run(begun_ms + burst * BURSTS_MS)
        for index in range(len(venue.badges)):
            for _ in range(MAILBOX):
                number += 1
                venue.flying.append((venue.now_ms, make(index, number), index))
    venue.run(venue.now_ms + BURSTS_MS)


def check_room(venue: Venue) -> None:
    for badge in venue.badges:
        stats = badge.stats()
        assert stats["heap_peak_bytes"] <= stats["heap_bytes"] - SPARE_BYTES


def test_a_burst_of_forged_announcements_fits_the_heap(venues: Venues) -> None:
    """A talks and B listens meanwhile; both go on."""
    venue = venues(2)
    venue.run(2000)
    speech = bytes(32 * (2000 + BURSTS * BURSTS_MS))
    venue.todo[0] = [Press(), Speak(2050.0, speech)]
    venue.run(2500)
    sessions = [member.session for member in venue.leader.members.all()]
    key = HmacKey(bytes(32))

    def announcement(index: int, number: int) -> bytes:
        said = (messages.ROLE_LEADER, 2 + number)
        session = sessions[index]
        return forged(key, messages.ROLE_ANNOUNCE, said, session, LEADER_NODE, number)

    assert len(sessions) == 2
    flood(venue, announcement)
    check_room(venue)
    told = [each.get("event") for events in venue.events for each in events]
    assert told.count("joined") == 2 and "granted" in told
    assert "lost" not in told and "released" not in told


def test_a_burst_of_forged_challenges_fits_the_heap(venues: Venues) -> None:
    """While it looks for a leader, whoever sees its HELLO can answer."""
    venue = venues(1)
    nonces: list[int] = []

    def hear(arriving: Any) -> None:
        for data, _ in arriving:
            if data[TYPE_AT] == messages.HELLO:
                nonces.append(int.from_bytes(data[HELLO_NONCE_AT : HELLO_NONCE_AT + 4], "big"))

    def challenge(index: int, number: int) -> bytes:
        return in_the_clear(messages.CHALLENGE, (nonces[-1], number.to_bytes(16, "big")))

    venue.lead = hear
    venue.run(3000)
    flood(venue, challenge)
    check_room(venue)
