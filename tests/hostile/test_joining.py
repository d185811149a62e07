"""Attacks at the door: without a key, with somebody else's answer, with a forged welcome."""

from __future__ import annotations

from tests.hostile.stage import STRANGER, Attacked, by, forged, joined
from tests.shared.keys import Chance, device_key
from tests.shared.venue import LEADER

from ptt.badge.join import JOINED
from ptt.base import events
from ptt.base.numbers import CHALLENGE_MS, CLEAR_NACK_MS, MEMBER_TTL_MS
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.wire import codec, envelope, messages


def answers_of(venue: Attacked, index: int) -> list[bytes]:
    return [
        data
        for data, source, _ in venue.seen
        if data[1] == messages.ANSWER and source == ("badge", index)
    ]


def test_a_device_that_nobody_knows_stays_outside_and_is_told_of_once() -> None:
    venue = Attacked(2)
    device = venue.badge("A").engine.device
    venue.directory.revoked.add(device)
    venue.run(30000)
    assert len(venue.leader.members) == 1
    assert venue.leader.refusals.as_dict()["identity"] > 5
    told = [value for _, kind, value in venue.leader_events if kind == events.STRANGER]
    assert (device, b"A0") in told and len(told) <= 40


def test_without_the_devices_key_its_identity_is_worth_nothing() -> None:
    venue = Attacked(2)
    venue.badge("A").engine.door.key = bytes(32)
    venue.run(3000)
    assert [member.name for member in venue.leader.members.all()] == [b"B0"]
    assert venue.badge("A").engine.join.state != JOINED


def test_an_answer_is_good_once_from_one_place_for_a_while() -> None:
    venue = joined()
    (answer,) = answers_of(venue, 0)[-1:]
    session = venue.badge("A").engine.join.session
    assert venue.to_leader(answer, STRANGER) == "challenge"
    assert venue.to_leader(answer, ("badge", 0)) == "accepted"  # the WELCOME may have been lost
    assert venue.leader.members.by_session(session) is not None
    venue.run(500)
    assert venue.badge("A").engine.join.session == session
    venue.run(CHALLENGE_MS)
    assert venue.to_leader(answer, ("badge", 0)) == "challenge"


def test_an_answer_of_before_a_restart_throws_nobody_out() -> None:
    venue = joined()
    (old,) = answers_of(venue, 0)[-1:]
    engine = venue.badge("A").engine
    engine.join.on_forgotten(venue.now_ms)  # it begins anew
    venue.run(600)
    session = engine.join.session
    assert venue.to_leader(old, ("badge", 0)) == "challenge"
    assert venue.leader.members.by_session(session) is not None


def test_strangers_leave_nothing_behind_and_get_no_more_than_they_sent() -> None:
    venue = joined()
    before = (
        len(venue.leader.sessions),
        len(venue.leader.members),
        len(venue.leader.joining.door),
    )
    for number in range(3000):
        device = number.to_bytes(8, "big")
        values = (device, 1 + number, bytes(4), 2, b"x", b"y")
        data = bytearray(200)
        end = codec.encode(data, envelope.HEADER_BYTES, messages.HELLO, values)
        envelope.seal_header(data, end, messages.HELLO, 0, 0, 1, 1)
        venue.leader.receive_datagram(bytes(data[:end]), ("stranger", number), venue.now_ms)
        while (answer := venue.leader.poll_transmit()) is not None:
            assert len(answer.data) <= end
        if number % 200 == 0:
            venue.run(100)
    assert (len(venue.leader.sessions), len(venue.leader.members)) == before[:2]
    assert len(venue.leader.joining.door) <= before[2]
    assert venue.leader.refusals.as_dict()["limit"] > 0
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)


def test_a_forged_welcome_is_not_believed() -> None:
    venue = Attacked(1)
    venue.leader_alive = False
    venue.run(100)
    engine = venue.badge("A").engine
    hello = next(data for data, *_ in venue.seen if data[1] == messages.HELLO)
    nonce = envelope.get32(hello, 32)
    data = bytearray(100)
    end = codec.encode(data, 24, messages.CHALLENGE, (nonce, b"c" * 16))
    envelope.seal_header(data, end, messages.CHALLENGE, 0, 1, 0, 1)
    assert venue.to_badge("A", bytes(data[:end]), STRANGER) == "accepted"
    guess = derive.session_secret(Hmac(), b"g" * 32, engine.door.own_nonce, b"c" * 16)
    keys = derive.session_keys(Hmac(), guess, 9, 77)
    welcome = (nonce, 2, 77, 9, messages.TABLE_HASH, 1, messages.CODEC_IMA_ADPCM)
    assert venue.to_badge("A", forged(keys.down, messages.WELCOME, welcome, 77, 1, 1)) == "tag"
    assert engine.join.state != JOINED


def test_a_nack_in_the_clear_ends_no_membership() -> None:
    venue = joined()
    data = bytearray(100)
    values = (messages.NACK_UNKNOWN_SESSION, 0x20, 0x25, 3)
    end = codec.encode(data, 24, messages.NACK, values)
    envelope.seal_header(data, end, messages.NACK, 0, 1, 0, 1)
    for _ in range(20):
        assert venue.to_badge("A", bytes(data[:end])) == "unsealed"
        venue.run(100)
    assert venue.badge("A").engine.join.state == JOINED
    venue.leader_alive = False
    venue.run(CLEAR_NACK_MS + 1100)
    assert venue.to_badge("A", bytes(data[:end])) == "accepted"  # our leader is silent indeed


def test_an_insider_cannot_say_hello_in_anothers_name() -> None:
    venue = joined()
    victim, thief = venue.badge("A").engine, venue.badge("C")
    values = (victim.device, 5, messages.TABLE_HASH, 2, b"A0", b"test", 0)
    assert venue.to_leader(by(thief, messages.HELLO, values), thief.address) == "sealed"
    assert venue.leader.members.by_session(victim.join.session) is not None


def test_an_insider_can_answer_for_its_own_device_only() -> None:
    venue = joined()
    victim, thief = venue.badge("A").engine, venue.badge("C").engine
    hello = bytearray(200)
    values = (victim.device, 5, messages.TABLE_HASH, 2, b"A0", b"test", 0)
    end = codec.encode(hello, 24, messages.HELLO, values)
    envelope.seal_header(hello, end, messages.HELLO, 0, 0, 1, 1)
    assert venue.to_leader(bytes(hello[:end]), STRANGER) == "accepted"
    challenge = next(
        out.data[28:44]
        for out in iter(venue.leader.poll_transmit, None)
        if out.data[1] == messages.CHALLENGE
    )
    own = Chance(1)(16)
    secret = derive.session_secret(Hmac(), device_key(thief.device), own, bytes(challenge))
    proof = derive.proof(Hmac(), secret, bytes(hello[24:end]))
    data = bytearray(200)
    end = codec.encode(data, 24, messages.ANSWER, (bytes(challenge), own, proof, *values))
    envelope.seal_header(data, end, messages.ANSWER, 0, 0, 2, 1)
    assert venue.to_leader(bytes(data[:end]), STRANGER) == "identity"


def test_a_new_name_in_the_registry_is_told_without_a_new_session() -> None:
    venue = joined()
    badge = venue.badge("A")
    venue.directory.names[badge.engine.device] = b"Terrace"
    venue.leader.look_at_directory(venue.now_ms)
    (member,) = [m for m in venue.leader.members.all() if m.device == badge.engine.device]
    assert member.name == b"Terrace"
    assert badge.engine.keyboard.send(b"here", venue.now_ms)
    venue.run(300)
    assert venue.badge("B").last(events.TEXT)[2] == b"Terrace"
    assert not badge.all(events.LOST)


def test_a_leader_that_restarts_is_joined_again_by_those_whom_it_knows() -> None:
    venue = joined()
    venue.restart_leader(term=2)
    venue.run(MEMBER_TTL_MS + 3000)
    assert len(venue.leader.members) == 3
    assert venue.badge("A").engine.link.address == LEADER


def test_only_a_known_badge_makes_a_leader_stand_for_a_higher_term() -> None:
    venue = joined()
    values = (bytes(8), 5, messages.TABLE_HASH, 2, b"x", b"y", 900)
    data = bytearray(200)
    end = codec.encode(data, 24, messages.HELLO, values)
    envelope.seal_header(data, end, messages.HELLO, 0, 0, 1, 1)
    assert venue.to_leader(bytes(data[:end]), STRANGER) == "accepted"
    venue.run(500)
    told = [value for _, kind, value in venue.leader_events if kind == events.HIGHER_TERM]
    assert told == [] and venue.leader.claim is None
    engine = venue.badge("A").engine
    engine.join.on_forgotten(venue.now_ms)
    engine.join.term = 900
    venue.run(1000)
    told = [value for _, kind, value in venue.leader_events if kind == events.HIGHER_TERM]
    claim = (engine.device, 900)
    assert set(told) == {claim} and venue.leader.claim == claim
