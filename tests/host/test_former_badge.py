"""A badge of version 2.5, by its own code from the history, beside badges of today at a leader of
today: it joins, talks, hears, waits its turn, follows another host, and reads and writes texts,
which go in the clear. What it sends is what such badges send."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.shared.aes import block_cipher
from tests.shared.failover_venue import Failover
from tests.shared.keys import Chance, device_key, make_participant
from tests.shared.lms_tree import FewLeaves
from tests.shared.update_stage import RUNNING, Release, Slot, UpdateVenue
from tests.shared.venue import Badge

from pressel.node.snapshot import take_snapshot
from ptt.base import events
from ptt.link.hmac import HmacKey
from ptt.wire import messages
from ptt.wire.envelope import FLAG_SECRET, FLAGS_AT

ROOT = Path(__file__).resolve().parents[2]
FORMER = "8adecb1e9b8f5bfdb4158c2280e05fd74e894d69"  # the last one of version 2.5
PACKAGE = "ptt_2_5"
VERSION = 0x25


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes a participant of that version. Left out where the history is not there."""
    told = subprocess.run(
        ["git", "archive", FORMER, "shared/ptt"], cwd=ROOT, capture_output=True, check=False
    )
    if told.returncode:
        pytest.skip("this clone has not the whole history")
    folder = tmp_path_factory.mktemp("former")
    with tarfile.open(fileobj=io.BytesIO(told.stdout)) as archive:
        archive.extractall(folder, filter="data")
    (folder / "shared" / "ptt").rename(folder / PACKAGE)
    sys.path.insert(0, str(folder))
    try:
        engine = importlib.import_module(f"{PACKAGE}.badge.participant").Participant
        importlib.import_module(f"{PACKAGE}.badge.update_receiver")
        assert importlib.import_module(f"{PACKAGE}.wire.messages").VERSION == VERSION
    finally:
        sys.path.remove(str(folder))

    def make(device: bytes, name: bytes, build: bytes, leader: Any, seed: int) -> Any:
        key = device_key(device)
        return engine(device, name, build, leader, seed, key, block_cipher, Chance(seed))

    return make


class Mixed(Failover):
    """Badge A is the former one. `seen`: all that was sent, with its receiver."""

    def __init__(self, former: Any) -> None:
        self.seen: list[tuple[bytes, Any]] = []
        super().__init__(0, is_coded=True)
        makes = (former, make_participant, make_participant)
        for index, make in enumerate(makes):
            badge = Badge(index, 50 + index, make)
            badge.next_frame_ms = self.now_ms
            badge.engine.address_of = lambda host, port: ("standby", port)
            self.badges.append(badge)
            badge.engine.start(self.now_ms)
            self.collect(badge)
        self.run(2000)

    def send(self, data: bytes, source: Any, destination: Any) -> None:
        self.seen.append((data, destination))
        super().send(data, source, destination)

    def burst(self, name: str) -> tuple[int, int]:
        self.press(name)
        self.run(600)
        self.release(name)
        self.run(2500)
        return self.badge(name).last(events.SENT)[:2]


def test_a_badge_of_version_2_5_takes_part(former: Any) -> None:
    venue = Mixed(former)
    a, b = venue.badge("A"), venue.badge("B")
    own = [data for data, _ in venue.seen if data[24:32] == a.engine.device]
    assert own and {data[0] for data in own} == {VERSION}  # HELLO, as it was
    for talker, hearer in ((a, b), (b, a)):
        lease, frames = venue.burst(talker.name[0])
        assert frames > 25 and hearer.heard_of(lease) == list(range(frames))
        assert talker.all(events.RECEIPT)[-1][0] == lease
    venue.press("B")
    venue.run(200)
    venue.press("A")
    venue.run(200)
    assert a.last(events.QUEUED) == 1
    venue.release("B")
    venue.run(400)
    assert a.engine.floor.may_send()
    venue.kill()
    venue.run(300)
    venue.take_over()
    venue.run(1500)
    assert a.engine.floor.may_send()  # it goes on talking at the next host
    venue.release("A")
    venue.run(1500)


def test_texts_to_it_and_from_it_are_as_they_were_and_marked(former: Any) -> None:
    venue = Mixed(former)
    a, b = venue.badge("A"), venue.badge("B")
    assert a.engine.send_text(b"from A", venue.now_ms)
    venue.collect(a)
    venue.run(500)
    assert b.engine.keyboard.send(b"from B", venue.now_ms)
    venue.collect(b)
    venue.run(500)
    assert [each[3] for each in b.all(events.TEXT)] == [b"from A"]
    assert [each[3] for each in a.all(events.TEXT)] == [b"from B"]
    clear = {to for data, to in venue.seen
             if data[1] == messages.TEXT_MESSAGE and not data[FLAGS_AT] & FLAG_SECRET}  # fmt: skip
    assert clear == {a.address, venue.leader_address}  # its own, and those to it
    shown = take_snapshot(venue.leader, "10.0.0.1:47800", 1.0, venue.now_ms).members
    assert [each.name for each in shown if not each.reads_secret_texts] == ["A0"]


class Updated(UpdateVenue):
    """Its only badge is the former one, and fetches with its own code."""

    def __init__(self, former: Any) -> None:
        super().__init__(0)
        self.slots, self.ended = [Slot()], [[]]
        self.keys = [HmacKey(bytes(32))]
        badge = Badge(0, 50, former)
        badge.next_frame_ms = self.now_ms
        self.badges.append(badge)
        badge.engine.start(self.now_ms)
        self.collect(badge)
        self.run(2000)

    def verify_piece(self, badge: Badge, receiver: Any) -> Any:
        receiver.step(self.now_ms)  # it looks at signatures itself
        return receiver

    def begin(self, badge: Badge, offer: Any, verdict: bool | None = None) -> None:
        receiver = sys.modules[f"{PACKAGE}.badge.update_receiver"].Receiver
        offers = badge.engine.offers
        self.receivers[0] = offers.updater = receiver(
            offer, self.keys[0], self.chip, RUNNING, self.signer, self.slots[0], offers, self.now_ms
        )


def test_it_takes_an_update(former: Any) -> None:
    venue = Updated(former)
    release = Release(2, {"main.mpy": b"new" * 900, "app.mpy": b"more" * 700})
    venue.assign(release, 0)
    venue.run(40_000)
    assert venue.is_whole(0, release) and venue.ended == [[]]


def test_it_takes_none_that_another_has_signed(former: Any) -> None:
    venue = Updated(former)
    release = Release(2, {"main.mpy": b"new" * 900}).sign(FewLeaves(seed=bytes(32)))
    venue.assign(release, 0)
    venue.run(40_000)
    assert venue.ended == [[messages.UPDATE_REASON_SIGNATURE]]
    assert not venue.slots[0].files.keys() & release.files.keys()
