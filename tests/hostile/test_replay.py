"""Datagrams that were good once, sent again, from elsewhere, or in pieces."""

from __future__ import annotations

from tests.hostile.stage import Attacked, joined
from tests.shared.venue import LEADER

from ptt.wire import envelope, messages


def after_a_talk() -> Attacked:
    venue = joined()
    venue.talk("A")
    assert venue.run_until(1000, lambda: not venue.flying) is not None  # all that was seen came
    return venue


def sealed_of(venue: Attacked) -> list:
    return [each for each in venue.seen if envelope.is_sealed(each[0])]


def test_nothing_that_was_sealed_is_obeyed_twice() -> None:
    venue = after_a_talk()
    state = (
        venue.leader.floors[1].lease,
        len(venue.leader.members),
        venue.leader.voice.packets_out,
    )
    for data, source, destination in sealed_of(venue):
        if destination == LEADER:
            assert venue.to_leader(data, source) == "replay"
        else:
            name = "ABC"[destination[1]]
            assert venue.to_badge(name, data) == "replay"
    assert state == (venue.leader.floors[1].lease, 3, venue.leader.voice.packets_out)


def test_nothing_is_taken_from_the_other_direction() -> None:
    venue = after_a_talk()
    for data, source, destination in sealed_of(venue):
        if destination == LEADER:
            name = "ABC"[source[1]]
            assert venue.to_badge(name, data) in ("tag", "replay", "sender", "type")
        else:
            assert venue.to_leader(data, destination) in ("tag", "replay", "sender", "type")


def test_nothing_is_taken_from_another_session_or_under_another_number() -> None:
    venue = after_a_talk()
    for data, source, destination in sealed_of(venue):
        if destination != LEADER:
            continue
        other = venue.badges[(source[1] + 1) % 3]
        changed = bytearray(data)
        envelope.put32(changed, 4, other.engine.join.session)
        envelope.put16(changed, 8, other.engine.join.node)
        envelope.put32(changed, 12, 90000)
        envelope.put_crc(changed, envelope.header_crc(changed, envelope.payload_crc(changed)))
        assert venue.to_leader(bytes(changed), other.address) == "tag"
        changed = bytearray(data)
        envelope.put32(changed, 12, 90000)
        envelope.put_crc(changed, envelope.header_crc(changed, envelope.payload_crc(changed)))
        assert venue.to_leader(bytes(changed), source) == "tag"


def test_no_bit_of_a_sealed_datagram_can_be_changed() -> None:
    venue = joined()
    venue.press("A")
    venue.run(300)
    data = next(d for d, _, to in reversed(venue.seen) if to == ("badge", 1) and d[3])
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 4
        if not 20 <= at < 24 and envelope.check_shape(changed) == 0:
            crc = envelope.header_crc(changed, envelope.payload_crc(changed))
            envelope.put_crc(changed, crc)
        assert venue.to_badge("B", bytes(changed)) != "accepted"


def test_what_is_swapped_on_its_way_is_obeyed_once_each() -> None:
    venue = Attacked(3, jitter_ms=60)
    venue.run(3000)
    venue.talk("A", 1000)
    refusals = venue.badge("B").engine.refusals.as_dict()
    assert "replay" not in refusals and "tag" not in refusals


def test_an_old_session_opens_nothing_in_a_new_one() -> None:
    venue = after_a_talk()
    old = sealed_of(venue)
    engine = venue.badge("A").engine
    engine.join.on_forgotten(venue.now_ms)
    venue.run(1500)
    for data, source, destination in old:
        if source == ("badge", 0):
            assert venue.to_leader(data, source) == "session"
        elif destination == ("badge", 0) and data[1] != messages.WELCOME:
            assert venue.to_badge("A", data) == "session"
