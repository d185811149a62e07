"""What the recorder takes down of a venue, and what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from tests.host.recording_stage import Taken
from tests.shared.failover_venue import Failover

from pressel.audio.codecs import equip, host_codecs
from pressel.node.recoder import Recoder
from pressel.recordings import frames
from pressel.recordings.recorder import PIECE_FRAMES
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings
from ptt.leader.watch import Unwatched
from ptt.wire import messages


def test_what_is_kept_is_what_was_said() -> None:
    taken = Taken()
    taken.talk("A", 700)
    (piece,) = taken.pieces
    told = piece.recorded
    assert (told.talker, told.group, told.mark.term) == ("A0", 1, 1)
    assert told.frames == told.lasted_ms // 20 >= 30
    assert taken.heard(piece) == [(told.mark.burst, number) for number in range(told.frames)]


@pytest.mark.parametrize("number", [messages.CODEC_G722, messages.CODEC_OPUS])
def test_a_burst_in_another_codec_is_kept_in_it(number: int) -> None:
    if not host_codecs():
        pytest.skip("PyAV is not installed")
    taken = Taken()
    venue = taken.venue
    venue.leader.groups.coding.recoder = Recoder(venue.leader.keys)
    for badge in venue.badges:
        equip(badge.engine)
        badge.engine.join.on_forgotten(venue.now_ms)  # HELLO says anew what it has
    venue.run(2000)
    venue.leader.publish(Settings(2, codec=number), venue.now_ms)
    taken.talk("A", 700)
    (piece,) = taken.pieces
    content = piece.content()
    assert frames.count(content) == piece.recorded.frames >= 30
    assert {content[at + 4] for at in range(0, len(content), frames.EACH_BYTES)} == {128 | number}
    pcm = np.frombuffer(frames.sound([content]), np.int16).astype(float)
    assert len(pcm) == piece.recorded.frames * FRAME_SAMPLES
    heard = np.abs(pcm).mean()
    assert 300 < heard < 6000  # the venue's badges say noise


def test_a_group_that_is_not_recorded_leaves_nothing() -> None:
    taken = Taken(lambda group: group != 1)
    taken.talk("A", 300)
    assert not taken.pieces


def test_a_private_call_is_nobody_elses() -> None:
    taken = Taken(badges=3)
    taken.venue.badge("A").engine.call(taken.venue.badge("B").engine.join.node, taken.venue.now_ms)
    taken.venue.run(600)
    taken.venue.release("A")
    taken.venue.run(1000)
    assert taken.venue.badge("B").played and not taken.pieces


def test_keys_that_change_in_a_burst_lose_no_word() -> None:
    taken = Taken()
    taken.venue.press("A")
    taken.venue.run(300)
    taken.venue.leader.keys.change(taken.venue.now_ms)
    taken.venue.run(2500)
    taken.venue.release("A")
    taken.venue.run(1000)
    (piece,) = taken.pieces
    assert len({epoch for epoch, *_ in piece.packets}) == 2
    assert taken.heard(piece) == [
        (piece.recorded.mark.burst, n) for n in range(piece.recorded.frames)
    ]


def test_a_burst_right_after_a_change_of_keys_is_recorded() -> None:
    taken = Taken()
    taken.recorder.look()
    taken.venue.leader.keys.change(taken.venue.now_ms)
    taken.talk("A", 2500)
    (piece,) = taken.pieces
    lease = piece.recorded.mark.burst
    assert taken.heard(piece)[:50] == [(lease, number) for number in range(50)]


class Followed(Failover):
    """Whoever leads is recorded."""

    taken: Taken | None = None

    def lead(self, leader: Leader) -> None:
        super().lead(leader)
        if self.taken is not None:
            self.taken.follow()


def test_a_burst_that_outlives_its_leader_is_recorded_on_by_the_next() -> None:
    """The talker uses the former leader's key for another second."""
    venue = Followed(badges=2, is_coded=True)
    venue.taken = taken = Taken(venue=venue)
    venue.press("A")
    venue.run(500)
    venue.kill()
    venue.run(300)
    venue.take_over()
    venue.run(2500)
    venue.release("A")
    venue.run(1500)
    before, after = taken.pieces
    heard = [number for piece in (before, after) for _, number in taken.heard(piece)]
    assert before.recorded.mark.term == 1 and after.recorded.mark.term == 2
    missing = set(range(heard[-1])) - set(heard)
    assert heard[-1] > 150 and len(missing) <= 20  # what was said until A moved, and not later


def test_a_long_burst_comes_in_pieces_and_one_without_an_end_ends() -> None:
    taken = Taken()
    taken.venue.press("A")
    taken.venue.run(11_000)
    assert [each.number for each in taken.pieces] == [0]
    taken.venue.leader.groups.watch = Unwatched()  # nobody tells the recorder that it ends
    taken.venue.release("A")
    taken.venue.run(7000)
    taken.recorder.look()
    assert [each.number for each in taken.pieces] == [0, 1]
    assert len(taken.pieces[0].packets[0][3]) % ADPCM_FRAME_BYTES == 0
    assert frames.count(taken.pieces[0].content()) == PIECE_FRAMES


def test_a_new_leader_ends_what_the_former_one_left_open() -> None:
    taken = Taken()
    taken.venue.press("A")
    taken.venue.run(500)
    taken.venue.restart_leader(2)
    taken.follow()
    assert len(taken.pieces) == 1
