"""The real firmware, built for a chip that has the room, hears voice that is sent once for many, in
virtual time; whatever goes wrong with it, it hears all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.host.stepped_venue import DELAY_MS, LEADER, Venue, voice
from tests.shared.multicast_venue import forged

from pressel.boards.chip import load_chip
from pressel.boards.heap import left_out
from pressel.pack import build_firmware
from pressel.pack.packing import PACKINGS, STOCK
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Press, Release, Speak
from ptt.base import clock, events
from ptt.fanout import multicast
from ptt.leader.settings_in_force import Settings
from ptt.proof import layout, prover
from ptt.wire import messages

CHIP = "esp32s3"
GROUP = 258
MANY = ("239.255.1.2", 47802)
TALK_MS = 1200
SETTLED_MS = 14_000  # joined, and seven of eight probes have come
REPORT_MS = 11_000  # so often a badge says what it hears
# Machine code does not run here, and as bytecode their parts take longer than a frame lasts.
NATIVE = {"smooth_playout", "g722"}


class ManyVenue(Venue):
    """Of two badges, of which the second hears multicast unless it is `deaf`; `forges` makes of a
    packet what somebody else sends right behind it."""

    def __init__(self, made: Path, work: Path) -> None:
        super().__init__(2, made / "kit.json", made / "firmware", work, load_chip(CHIP).heap_bytes)
        self.is_deaf = False
        self.many = 0  # packets of voice by multicast
        self.alone = 0  # and copies to the second badge
        self.forges: Any = None
        self.accused: list[Any] = []
        sent = self.leader.voice.multicast
        sent.address_of = lambda host, port: MANY
        self.leader.publish(Settings(2, multicast_group=GROUP), clock.wrapped(self.now_ms))

    def lead(self, arriving: Sequence[Any]) -> None:
        now_ms = clock.wrapped(self.now_ms)
        for data, source in arriving:
            self.leader.receive_datagram(data, self.address(-1 - source), now_ms)
        self.leader.handle_timeout(now_ms)
        while (outgoing := self.leader.poll_transmit()) is not None:
            self.pass_on(bytes(outgoing.data), outgoing.destination)
        while (event := self.leader.next_event()) is not None:
            if event[0] == events.FORGED:
                self.accused.append(event[1])

    def pass_on(self, data: bytes, destination: Any) -> None:
        if destination != MANY:
            index = destination[0].rpartition(".")[2]
            self.alone += data[1] == messages.VOICE_FRAME and int(index) == 11
            self.flying.append((self.now_ms + DELAY_MS, data, int(index) - 10))
            return
        self.many += data[1] == messages.MULTICAST_VOICE
        for index in (0, 1):
            if index == 0 or not self.is_deaf:
                self.fly_many(data, index)
        if self.forges is not None and data[1] == messages.MULTICAST_VOICE:
            self.fly_many(self.forges(data), 1)

    def fly_many(self, data: bytes, index: int) -> None:
        self.flying.append((self.now_ms + DELAY_MS, b"\0" + data, index))

    def step(self, index: int, inbox: Sequence[Any]) -> None:
        came = [
            (data[1:], LEADER, MANY) if data[0] == 0 else (data, source) for data, source in inbox
        ]
        super().step(index, came)

    def values(self, index: int, name: str) -> list[Any]:
        return [each["value"] for each in self.events[index] if each.get("event") == name]

    def talk(self, meanwhile: Callable[[], None] = lambda: None) -> tuple[int, list[Any]]:
        """The first badge talks, `meanwhile` something happens; (frames sent, what the second says
        it has heard)."""
        self.todo[0] = [Press(), Speak(self.now_ms + 50, voice(TALK_MS))]
        self.run(self.now_ms + TALK_MS // 2)
        meanwhile()
        self.run(self.now_ms + TALK_MS // 2)
        self.todo[0] = [Release()]
        self.run(self.now_ms + 1500)
        return self.values(0, "sent")[-1][1], self.values(1, "heard")[-1][2:]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("multicast")
    build_firmware(folder / "firmware", without=NATIVE)
    make_kit(folder).save(folder / "kit.json")
    return folder


@pytest.fixture(scope="module")
def venue(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyVenue]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multicast, "is_worth_it", lambda *_: True)  # with one listener, too
        venue = ManyVenue(made, tmp_path_factory.mktemp("badges"))
        try:
            venue.run(SETTLED_MS)
            yield venue
        finally:
            for badge in venue.badges:
                badge.kill()


def test_an_esp32_s3_has_the_feature_and_no_smaller_chip() -> None:
    assert "multicast" not in left_out(CHIP, STOCK.name)
    for chip in ("esp32", "esp32c3"):
        for packing in PACKINGS:
            assert "multicast" in left_out(chip, packing), (chip, packing)


def test_it_hears_a_burst_by_multicast_alone(venue: ManyVenue) -> None:
    sent, heard = venue.talk()
    assert venue.many >= sent > TALK_MS // 25 and venue.alone == 0
    assert heard[0] == sent and heard[1] <= 1
    stats = venue.badges[1].stats()
    assert stats["mailbox_dropped"] == stats["resets"] == 0
    assert stats["heap_peak_bytes"] < stats["heap_bytes"] - prover.HELD_BYTES_MAX


def test_a_forged_packet_is_not_heard_and_its_sender_is_told_of(venue: ManyVenue) -> None:
    """Somebody who has the group's key sends a packet of its own behind each of the leader's."""
    forgeries = []

    def forge(data: bytes) -> bytes:
        def change(copy: bytearray) -> None:
            copy[layout.VOICE_AT + 14 + 8] ^= 0x55

        forgeries.append(forged(data, change))
        return forgeries[-1]

    venue.forges = forge
    sent, heard = venue.talk()
    venue.forges = None
    assert heard[0] == sent and heard[1] <= 1
    assert len(forgeries) >= sent
    until_ms = venue.now_ms + REPORT_MS
    while venue.now_ms < until_ms and not venue.accused:
        venue.run(venue.now_ms + 100)
    listener = venue.leader.members.by_device(bytes.fromhex("0200000000000001"))
    assert listener is not None
    assert venue.accused == [(listener.node, len(forgeries))]


def test_who_goes_deaf_in_a_word_hears_it_to_its_end(venue: ManyVenue) -> None:
    before = venue.alone
    sent, heard = venue.talk(lambda: setattr(venue, "is_deaf", True))
    assert heard[0] == sent  # behind a gap while it asked
    assert venue.alone > before
