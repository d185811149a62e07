"""Attacks by the owner of one badge, with its valid keys."""

from __future__ import annotations

import pytest
from tests.hostile.stage import by, forged, joined, sealed
from tests.shared.failover_venue import Failover
from tests.shared.test_venue_takeover import fail_over

from ptt.base import events
from ptt.base.numbers import (
    ADPCM_FRAME_BYTES,
    INT_MAX,
    LEASE_GAP,
    SPEECH_FRAMES_BURST,
    SPEECH_FRAMES_PER_S,
)
from ptt.wire import messages, refusal, voice

LOUD = bytes(range(1, ADPCM_FRAME_BYTES)) + b"x"


def voice_of(talker: int, lease: int, group: int = 1) -> bytes:
    data = bytearray(voice.FRAMES_AT + ADPCM_FRAME_BYTES)
    data[voice.FRAMES_AT :] = LOUD
    coder = messages.CODEC_IMA_ADPCM
    voice.write_fields(data, group, coder, talker, lease, 0, False, 1)
    return bytes(data)


def test_nobody_speaks_without_the_floor() -> None:
    venue = joined()
    thief = venue.badge("C").engine
    for lease in (1, 2, 99):
        data = sealed(
            thief.link.keys.up,
            voice_of(thief.join.node, lease),
            messages.VOICE_FRAME,
            thief.join.session,
            thief.join.node,
            thief.link.seq + 100 + lease,
            1,
        )
        assert venue.to_leader(data, venue.badge("C").address) == "floor"
    venue.run(500)
    assert not venue.badge("A").all(events.HEARING)


def test_nobody_speaks_into_anothers_burst_or_in_its_name() -> None:
    venue = joined()
    venue.press("A")
    venue.run(300)
    talker, thief = venue.badge("A").engine, venue.badge("C").engine
    lease = talker.floor.seen_lease
    for node, reason in ((talker.join.node, "field"), (thief.join.node, "floor")):
        thief.link.seq += 1
        data = sealed(
            thief.link.keys.up,
            voice_of(node, lease),
            messages.VOICE_FRAME,
            thief.join.session,
            thief.join.node,
            thief.link.seq,
            1,
        )
        assert venue.to_leader(data, venue.badge("C").address) == reason


def test_anothers_session_needs_its_key() -> None:
    venue = joined()
    venue.press("A")
    venue.run(300)
    victim, thief = venue.badge("A"), venue.badge("C")
    release = (1, victim.engine.floor.request, victim.engine.floor.seen_lease)
    data = by(
        thief,
        messages.FLOOR_RELEASE,
        release,
        session=victim.engine.join.session,
        node=victim.engine.join.node,
    )
    assert venue.to_leader(data, thief.address) == "source"
    assert venue.to_leader(data, victim.address) == "tag"  # an address is easily forged
    assert victim.engine.floor.may_send()


def test_ones_own_release_frees_nobody_elses_floor() -> None:
    venue = joined()
    venue.press("A")
    venue.run(300)
    victim, thief = venue.badge("A"), venue.badge("C")
    release = (1, victim.engine.floor.request, victim.engine.floor.seen_lease)
    venue.to_leader(by(thief, messages.FLOOR_RELEASE, release), thief.address)
    venue.run(200)
    assert victim.engine.floor.may_send()
    assert venue.leader.floors[1].holder == victim.engine.join.node


def test_a_node_is_its_own() -> None:
    venue = joined()
    thief, victim = venue.badge("C"), venue.badge("A").engine
    beat = (1, 1, 1, 0, 0, 0)
    data = by(thief, messages.HEARTBEAT, beat, node=victim.join.node)
    assert venue.to_leader(data, thief.address) == "sender"
    seq = thief.engine.link.seq + 2000
    data = by(thief, messages.KEY_WANT, (1,), node=victim.join.node, seq=seq)
    assert venue.to_leader(data, thief.address) == "sender"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (messages.FLOOR_GRANT, (1, 1, 1, 50, 2000, 60000)),
        (messages.FLOOR_REVOKED, (1, 1, 1, 1)),
        (messages.ROLE_ANNOUNCE, (messages.ROLE_RESIGNED, 1)),
        (messages.ROLE_ANNOUNCE, (messages.ROLE_LEADER, 900)),
        (messages.SETTINGS_SNAPSHOT, (900, 400, 1000)),
        (messages.GROUP_KEY, (1, 900, bytes(16))),
        (messages.REKEYED, (bytes(16), bytes(16))),
        (messages.UPDATE_ORDER, (2, 1)),
    ],
)
def test_the_leaders_word_needs_the_leaders_key(kind: int, values: tuple) -> None:
    venue = joined()
    victim, thief = venue.badge("A").engine, venue.badge("C").engine
    before = (victim.join.term, victim.settings.version, victim.floor.state)
    for key in (thief.link.keys.down, thief.link.keys.up, victim.link.keys.up):  # reflected, too
        data = forged(key, kind, values, victim.join.session, 1, 9000)
        assert venue.to_badge("A", data) == "tag"
        venue.run(20)  # another step: in one, few keys are derived
    assert (victim.join.term, victim.settings.version, victim.floor.state) == before


def test_a_right_that_the_registry_does_not_give_is_not_claimed() -> None:
    venue = joined()
    venue.press("A")
    venue.run(300)
    venue.badge("C").engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.collect(venue.badge("C"))
    venue.run(300)
    assert venue.badge("A").engine.floor.may_send()
    assert venue.badge("C").all(events.DENIED) == [messages.DENIAL_NOT_ENTITLED]


def test_a_lease_that_nobody_has_given_uses_none_up() -> None:
    """A badge says in its heartbeats which lease it has heard of, and leaders count on from that
    after a split, but only so far."""
    venue = Failover(2).run(1500)
    for far_at_most in (0, LEASE_GAP):
        start = venue.leader.groups.lease
        engine = venue.badge("A").engine
        for lease in (start + LEASE_GAP, start + LEASE_GAP + 1, INT_MAX):
            engine.link.seq += 1
            values = (1, 1, engine.join.term, lease, 0, 0, 0)
            data = by(venue.badge("A"), messages.HEARTBEAT, values, seq=engine.link.seq)
            venue.leader.receive_datagram(data, venue.badge("A").address, venue.now_ms)
        assert venue.leader.groups.lease == start + far_at_most
        if not far_at_most:
            fail_over(venue)
            venue.run(1500)


def test_every_message_of_an_insider_is_refused_or_obeyed_and_never_raises() -> None:
    """Each type, sealed by right keys, with the smallest and the largest values."""
    venue = joined()
    thief = venue.badge("C")
    seq = thief.engine.link.seq + 1
    for kind, layout in messages.LAYOUTS.items():
        for end in (1, 2):
            values = tuple(_extreme(field, end) for field in layout)
            if kind == messages.VOICE_FRAME:
                continue
            venue.to_leader(by(thief, kind, values, seq=seq), thief.address)
            seq += 1
        venue.run(200)
    assert venue.leader.refusals[refusal.SEALED] > 0
    assert len(venue.leader.members) == 3


def _extreme(field: tuple, end: int) -> int | bytes:
    kind = field[0]
    if kind < 9:
        return field[end]
    return b"A" * (field[end] if kind == 9 else kind - 10)


def test_a_talker_cannot_make_others_look_for_keys_that_are_not() -> None:
    """Voice under an epoch to come would have every listener ask for its key, frame after frame."""
    venue = joined(8)
    venue.press("C")
    venue.run(300)
    thief = venue.badge("C").engine
    assert thief.floor.may_send()
    venue.seen.clear()
    for number in range(100):
        thief.link.seq += 1
        data = sealed(
            thief.link.keys.up,
            voice_of(thief.join.node, thief.floor.seen_lease),
            messages.VOICE_FRAME,
            thief.join.session,
            thief.join.node,
            thief.link.seq,
            2 + number % 100,
        )
        assert venue.to_leader(data, venue.badge("C").address) == "key"
        venue.run(20)
    assert not [data for data, _, _ in venue.seen if data[1] == messages.KEY_WANT]
    venue.release("C")
    venue.run(1000)
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)


def test_a_talker_fills_no_more_air_than_a_voice_does() -> None:
    """Three frames in each of a hundred packets a second are six voices at every listener."""
    venue = joined()
    venue.badge("A").hears_itself = False
    venue.press("A")
    venue.run(300)
    talker = venue.badge("A").engine
    before = venue.leader.voice.packets_in
    seconds, first, frames, refused = 5, 0, 3, 0
    for _ in range(seconds * 100):
        talker.link.seq += 1
        data = bytearray(voice.FRAMES_AT + frames * ADPCM_FRAME_BYTES)
        coder = messages.CODEC_IMA_ADPCM
        lease = talker.floor.lease
        voice.write_fields(data, 1, coder, talker.join.node, lease, first, False, frames)
        wire = sealed(
            talker.link.keys.up,
            bytes(data),
            messages.VOICE_FRAME,
            talker.join.session,
            talker.join.node,
            talker.link.seq,
            1,
        )
        refused += venue.to_leader(wire, venue.badge("A").address) == "limit"
        first += frames
        venue.run(10)
    passed_on = frames * (venue.leader.voice.packets_in - before)
    assert passed_on <= seconds * SPEECH_FRAMES_PER_S + SPEECH_FRAMES_BURST
    assert refused > 300
