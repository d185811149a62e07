"""No two frames of speech are encrypted with one key stream, whatever happens in a venue.

Everybody is silent: a coded frame is zeros then, and what travels is the key stream itself. Each of
its blocks must belong to one block of one frame that was spoken; so of every two cipher texts, no
part has the key stream of a part of another.
"""

from __future__ import annotations

from array import array
from typing import Any

import pytest
from tests.hostile.stage import joined, sealed
from tests.shared.failover_venue import Failover
from tests.shared.fixed_roster import FixedRoster
from tests.shared.keys import opened
from tests.shared.test_venue_groups import device

from ptt.base.numbers import ADPCM_FRAME_BYTES, CALL_GROUP_FIRST, FRAME_SAMPLES, INT_MAX
from ptt.leader.roster import Grants
from ptt.leader.settings_in_force import Settings
from ptt.wire import messages, voice
from ptt.wire.envelope import MARK_AT

BLOCK_BYTES = 16
SILENCE = array("h", bytes(2 * FRAME_SAMPLES))
TWO_GROUPS = {device(index): Grants((1, 2)) for index in range(2)}


class Streams:
    """Key streams that were seen. `venue` is the number of a history: those that share their
    beginning are told apart behind it."""

    def __init__(self) -> None:
        self.of: dict[bytes, tuple] = {}
        self.frames = 0
        self.packets: set[tuple[int, int]] = set()  # group and number of frames of each
        self.venue = 0

    def see(self, spoken: tuple, data: bytes) -> None:
        """The voice packet `data`; `spoken` tells the burst apart from every other one."""
        self.packets.add((voice.group(data), voice.count(data)))
        for index in range(voice.count(data)):
            at = voice.FRAMES_AT + index * ADPCM_FRAME_BYTES
            self.frames += 1
            for block in range(ADPCM_FRAME_BYTES // BLOCK_BYTES):
                stream = data[at + block * BLOCK_BYTES :][:BLOCK_BYTES]
                place = (*spoken, voice.first(data) + index, block)
                assert self.of.setdefault(stream, place) == place, "a key stream comes twice"


class Silent(Failover):
    """All badges are in group 1, the first two also in group 2. Every other datagram comes
    twice."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self.pressed: dict[int, int] = {}  # by talker: how often
        self.of_node: dict[tuple[int, int], int] = {}  # by lease and node
        self.split_mark = -1
        super().__init__(4, 2, loss_percent=5, is_coded=True, roster=FixedRoster(TWO_GROUPS))
        for badge in self.badges:
            badge.speak = lambda is_coded: SILENCE
        self.run(1500)

    def press(self, *names: str) -> None:
        for name in names:
            index = self.badge(name).index
            self.pressed[index] = self.pressed.get(index, 0) + 1
        super().press(*names)

    def send(self, data: bytes, source: Any, destination: Any) -> None:
        if data[1] == messages.VOICE_FRAME:
            place = (voice.lease(data), voice.talker(data))
            if source[0] == "badge":  # a copy is of the burst that came up
                self.of_node[place] = source[1]
                assert not any(opened(data, self.badges[source[1]].engine)[voice.FRAMES_AT : -8])
            index = self.of_node[place]
            # Under a key of before the split one talker goes on, on one side.
            side = self.streams.venue if data[MARK_AT] != self.split_mark else 0
            spoken = (side, index, self.pressed.get(index, 0), voice.lease(data))
            self.streams.see(spoken, data)
        super().send(data, source, destination)
        if self.serial % 2:
            super().send(data, source, destination)

    def talk(self, name: str, duration_ms: int = 300) -> None:
        self.press(name)
        self.run(duration_ms)
        self.release(name)
        self.run(1200)

    def call(self, caller: str, callee: str) -> None:
        badge = self.badge(caller)
        self.pressed[badge.index] = self.pressed.get(badge.index, 0) + 1
        assert badge.engine.call(self.badge(callee).engine.join.node, self.now_ms)
        self.collect(badge)
        self.run(600)
        self.release(caller)
        self.run(300)
        badge.engine.hang_up(self.now_ms)
        self.collect(badge)
        self.run(2500)

    def talk_in_every_way(self) -> None:
        """In both groups, in larger packets, in a call twice, and while keys change."""
        self.talk("A")
        self.talk("C")
        self.badge("B").engine.select_group(2)
        self.talk("B")
        self.leader.publish(Settings(INT_MAX // 2, packet_frames=3), self.now_ms)
        self.run(600)
        self.talk("C")
        for caller, callee in ("AB", "BA", "CD"):
            self.call(caller, callee)
        self.press("D")
        self.run(200)
        self.leader.keys.change(self.now_ms)
        self.collect_leader()
        self.run(1600)
        self.release("D")
        self.run(1200)


def test_no_two_frames_have_one_key_stream() -> None:
    streams = Streams()
    venue = Silent(streams)
    venue.talk_in_every_way()
    venue.press("A")
    venue.run(300)
    venue.kill()
    venue.run(300)
    venue.take_over()
    venue.run(1500)
    venue.release("A")
    venue.run(1500)
    venue.talk("C")
    assert len({place[1] for place in streams.of.values()}) == 4  # everybody was heard
    assert {1, 2, CALL_GROUP_FIRST} <= {group for group, _ in streams.packets}
    assert {count for _, count in streams.packets} == {1, 2, 3}
    assert streams.frames > 1000


def test_two_that_go_on_from_one_leader_share_no_key_stream() -> None:
    """Two histories of one venue, alike up to its split, and then one of each side."""
    streams = Streams()
    for side in (1, 2):
        streams.venue = 0
        venue = Silent(streams)
        venue.press("A")
        venue.run(300)
        venue.kill()
        venue.run(300)
        streams.venue, venue.split_mark = side, venue.badge("A").engine.voice_keys.ring.epoch
        venue.take_over(side, term=1 + side)
        venue.run(2500)
        venue.release("A")
        venue.run(1500)
        venue.talk("C")
    sides = [place[0] for place in streams.of.values()]
    assert min(sides.count(side) for side in (1, 2)) > 500


@pytest.mark.parametrize("after_ms", [100, 700])
def test_a_talker_that_goes_over_to_the_other_side_of_a_split(after_ms: int) -> None:
    """Both sides give out leases of the same numbers, and keys of before are in use for a moment.
    It is heard there, and not under a lease that it has had."""
    streams = Streams()
    venue = Silent(streams)
    venue.loss_percent = 0
    venue.talk("A")
    venue.host_loses.loses = lambda data: True
    venue.kill()
    venue.run(300)
    venue.take_over(1, term=256)
    venue.run(2500)
    for name in "ACA":
        venue.talk(name)
    of_one_side = set(venue.of_node)
    venue.take_over(2, term=257)
    venue.run(after_ms)
    venue.talk("A", 600)
    venue.talk("B")
    leases = sorted(lease for lease, _ in set(venue.of_node) - of_one_side)
    assert len(leases) == 2 and leases[0] == 1 + max(lease for lease, _ in of_one_side)


@pytest.mark.parametrize("coding", [messages.CODEC_PCM16, 2, 3, 255])
def test_no_other_coding_of_a_frame_is_on_the_air(coding: int) -> None:
    """Coding and coder are no part of the counter block, and need not be: a frame that was coded
    anew, by whomever, would be other plain text under its key stream. So leader and badges take one
    coding only, and nobody codes anew."""
    venue = joined()
    venue.press("A")
    venue.run(300)
    talker, listener = venue.badge("A"), venue.badge("B")
    node, lease = talker.engine.join.node, talker.engine.floor.lease
    size = voice.frame_bytes(coding) or ADPCM_FRAME_BYTES
    data = bytearray(voice.FRAMES_AT + size)
    voice.write_fields(data, 1, coding, node, lease, 500, False, 1)
    data[voice.FRAMES_AT - 2 : voice.FRAMES_AT] = size.to_bytes(2, "big")
    keys, session = talker.engine.link.keys, talker.engine.join.session
    up = sealed(keys.up, bytes(data), messages.VOICE_FRAME, session, node, 5000, 1)
    assert venue.to_leader(up, talker.address) == "field"
    keys, session = listener.engine.link.keys, listener.engine.join.session
    down = sealed(keys.down, bytes(data), messages.VOICE_FRAME, session, 1, 5000, 1)
    assert venue.to_badge("B", down) == "field"
