"""Too much of everything: what is above its budget is counted, and nobody else notices."""

from __future__ import annotations

import random

import pytest
from tests.hostile.stage import STRANGER, by, forged, in_the_clear, joined
from tests.shared.failover_venue import Failover

from ptt.badge.join import JOINED
from ptt.base import events
from ptt.base.numbers import (
    DERIVATIONS_A_STEP,
    DERIVATIONS_MAX,
    HELD_OFF_MAX,
    HELD_OFF_TELL_MS,
    HELLO_RETRY_MS_MAX,
    JOIN_REPEATS_MAX,
    JOINS_MAX,
    JOINS_MS,
    PRESS_BURST,
    PRESS_PER_S,
    TEXT_BURST,
    TEXT_PER_S,
)
from ptt.leader import held_off
from ptt.leader.held_off import HeldOff
from ptt.link.hmac import HmacKey
from ptt.wire import codec, envelope, messages


def test_bad_tags_throw_nobody_out_and_keep_nobody_waiting() -> None:
    venue = joined()
    victim = venue.badge("A").engine
    beat = (1, 1, 1, 0, 0, 0)
    venue.press("A")
    for number in range(2000):
        key = HmacKey(number.to_bytes(4, "big"))
        said = (victim.join.session, victim.join.node, victim.link.seq + 1 + number % 50)
        venue.leader.receive_datagram(
            forged(key, messages.HEARTBEAT, beat, *said), ("badge", 0), venue.now_ms
        )
        if number % 100 == 0:
            venue.run(20)
    assert victim.floor.may_send()
    assert victim.join.state == JOINED
    assert venue.leader.refusals.as_dict()["tag"] == 2000


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (messages.FLOOR_REQUEST, (1, 7, 0, 0)),
        (messages.TEXT_MESSAGE, (1, 7, 0, 0, b"C0", b"buy")),
        (messages.HEARTBEAT, (1, 1, 1, 0, 0, 0)),
        (messages.KEY_WANT, (1,)),
        (messages.REKEY, (bytes(16),)),
        (messages.UPDATE_WANT, (2, 0, 0)),
    ],
)
def test_a_member_gets_no_more_than_its_budget(kind: int, values: tuple) -> None:
    venue = joined()
    thief = venue.badge("C")
    before = len(venue.seen)
    seq = thief.engine.link.seq + 1
    for number in range(1000):
        venue.leader.receive_datagram(
            by(thief, kind, values, seq=seq + number), thief.address, venue.now_ms
        )
        if number % 50 == 0:
            venue.run(50)
    sent = [to for _, source, to in venue.seen[before:] if source == venue.leader_address]
    assert venue.leader.refusals.as_dict()["limit"] > 800
    assert sent.count(("badge", 2)) < 400
    venue.run(4000)  # a floor that it got and does not use is free again
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)


def test_who_plays_with_the_button_keeps_the_others_radios_quiet() -> None:
    """Each grant and each release is told to the whole group."""
    venue = joined(8)
    thief = venue.badge("C")
    seq = thief.engine.link.seq
    venue.seen.clear()
    for number in range(1, 501):
        for kind, values in (
            (messages.FLOOR_REQUEST, (1, number, 0, 0)),
            (messages.FLOOR_RELEASE, (1, number, 0)),
        ):
            seq += 1
            venue.leader.receive_datagram(
                by(thief, kind, values, seq=seq), thief.address, venue.now_ms
            )
        venue.collect_leader()
        venue.run(20)
    told = [
        data
        for data, source, to in venue.seen
        if source == venue.leader_address
        and to != thief.address
        and data[1] in (messages.FLOOR_TAKEN, messages.FLOOR_IDLE)
    ]
    presses = PRESS_BURST + 10 * PRESS_PER_S
    assert presses // 2 < len(told) / 7 <= 2 * presses + 2
    assert venue.leader.refusals.as_dict()["limit"] > 0
    venue.run(2000)
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)


def test_forged_challenges_cost_a_badge_so_much_a_second_and_no_more() -> None:
    venue = joined(2)
    engine = venue.badge("A").engine
    venue.leader_alive = False
    venue.run(4000)
    nonce = engine.join.nonce
    data = bytearray(100)
    derived = 0
    for number in range(200):
        end = codec.encode(data, 24, messages.CHALLENGE, (nonce, number.to_bytes(16, "big")))
        envelope.seal_header(data, end, messages.CHALLENGE, 0, 1, 0, 1)
        derived += venue.to_badge("A", bytes(data[:end]), ("stranger", 1)) == "accepted"
        venue.now_ms += number % 4 == 0
    assert derived == DERIVATIONS_MAX
    venue.leader_alive = True
    venue.run(5000)
    assert engine.join.state == JOINED


@pytest.mark.parametrize("kind", [messages.CHALLENGE, messages.ROLE_ANNOUNCE])
def test_what_comes_in_one_step_derives_few_keys(kind: int) -> None:
    """A mailbox full of them: a step may not take long, nor make much garbage. Named hosts' share
    is no larger."""
    venue = joined(2)
    badge = venue.badge("A")
    engine = badge.engine
    if kind == messages.CHALLENGE:
        venue.leader_alive = False
        venue.run(4000)
    engine.membership.standbys.append(STRANGER)
    reasons = []
    for number in range(6):
        if kind == messages.CHALLENGE:
            data = in_the_clear(kind, (engine.join.nonce, number.to_bytes(16, "big")))
        else:
            said = (engine.join.session, envelope.LEADER_NODE, 1)
            data = forged(HmacKey(b"guess"), kind, (messages.ROLE_LEADER, 2 + number), *said)
        reasons.append(venue.to_badge("A", data, STRANGER))
    assert reasons.count("limit") == 6 - DERIVATIONS_A_STEP
    venue.leader_alive = True
    venue.run(5000)
    assert engine.join.state == JOINED


def test_row_31_a_device_that_joins_all_the_time_gets_no_more_by_it() -> None:
    """A new session each time would be a new budget for texts, and work for all others."""
    venue = joined()
    thief = venue.badge("C")
    engine = thief.engine
    device = venue.leader.members.by_node(engine.join.node).device
    number = 0
    for _ in range(40_000 // 100):
        for _ in range(TEXT_BURST):
            number += 1
            text = (1, number, messages.TEXT_PERSON, engine.join.node, b"C0", b"buy")
            engine.link.seq += 1
            data = by(thief, messages.TEXT_MESSAGE, text, seq=engine.link.seq)
            venue.leader.receive_datagram(data, thief.address, venue.now_ms)
        venue.collect_leader()
        engine.join.on_forgotten(venue.now_ms)
        venue.run(100)
    entered = [value for _, kind, value in venue.leader_events if kind == events.MEMBER_JOINED]
    assert len(entered) <= 3 + JOINS_MAX
    texts = [value for _, kind, value in venue.leader_events if kind == events.TEXT]
    assert TEXT_BURST < len(texts) <= JOINS_MAX * TEXT_BURST + 40 * TEXT_PER_S
    assert venue.leader.refusals.as_dict()["limit"] > 0
    held = {(each, why) for each, why, _ in venue.leader.held.all()}
    assert held == {(device, held_off.JOINS)}
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)
    venue.run(JOINS_MS)
    assert engine.join.state == JOINED  # it is let in again when it has calmed down


def test_row_31_a_badge_that_hears_no_welcome_is_back_as_soon_as_it_does() -> None:
    """Its joins never came to be, and cost nobody else anything."""
    venue = joined()
    engine = venue.badge("C").engine
    venue.loses = lambda data, source, destination: data[1] == messages.WELCOME
    engine.join.on_forgotten(venue.now_ms)
    venue.run(40_000)
    assert engine.join.state != JOINED
    venue.loses = None
    venue.run(HELLO_RETRY_MS_MAX + 500)
    assert engine.join.state == JOINED
    entered = [value for _, kind, value in venue.leader_events if kind == events.MEMBER_JOINED]
    assert len(entered) <= 3 + 1


def test_the_same_session_with_other_keys_is_not_had_without_end() -> None:
    """Each time costs the leader and its standbys something."""
    venue = joined()
    door = venue.leader.joining.door
    device = bytes(8)
    for _ in range(2):
        taken = [door.may_enter(device, True, venue.now_ms) for _ in range(2 * JOIN_REPEATS_MAX)]
        assert sum(taken) == JOIN_REPEATS_MAX
        assert door.may_enter(device, False, venue.now_ms)  # counted apart
        assert door.may_enter(bytes([1] * 8), True, venue.now_ms)
        venue.run(JOINS_MS)


@pytest.mark.parametrize(
    ("kind", "values", "why"),
    [
        (messages.FLOOR_REQUEST, (1, 7, 0, 0), held_off.PRESSES),
        (messages.TEXT_MESSAGE, (1, 7, 0, 0, b"C0", b"buy"), held_off.TEXTS),
        (messages.HEARTBEAT, (1, 1, 1, 0, 0, 0), held_off.OTHERS),
        (messages.UPDATE_WANT, (2, 0, 0), held_off.UPDATES),
    ],
)
def test_the_operator_sees_who_was_held_off_and_why(kind: int, values: tuple, why: int) -> None:
    """Once a minute in the log, however much it sends; and nobody else is named."""
    venue = joined()
    thief = venue.badge("C")
    whose = venue.leader.members.by_node(thief.engine.join.node).device
    venue.talk("A")
    for number in range(1000):
        data = by(thief, kind, values, seq=thief.engine.link.seq + 1 + number)
        venue.leader.receive_datagram(data, thief.address, venue.now_ms)
    ((device, reason, held),) = venue.leader.held.all()
    assert (device, reason) == (whose, why)
    assert held.times == venue.leader.refusals.as_dict()["limit"]
    assert venue.leader.held.news() == [(whose, why)] and venue.leader.held.news() == []
    held_off_more = HeldOff()
    for number in range(2 * HELD_OFF_MAX):
        held_off_more.note(number.to_bytes(8, "big"), kind, 0)
    assert len(held_off_more.all()) == HELD_OFF_MAX == len(held_off_more.news())
    held_off_more.note(bytes([9]) * 8, kind, 0)
    assert held_off_more.news() and not held_off_more.news()
    held_off_more.note(bytes([9]) * 8, kind, HELD_OFF_TELL_MS - 1)
    assert not held_off_more.news()
    held_off_more.note(bytes([9]) * 8, kind, HELD_OFF_TELL_MS)
    assert held_off_more.news()


def test_a_venue_that_behaves_holds_nobody_off() -> None:
    """Also one in which everybody plays with the button and writes."""
    venue = joined()
    for turn in range(20):
        for name in "ABC":
            venue.press(name)
            venue.run(300)
            venue.badge(name).engine.keyboard.send(b"hello", venue.now_ms)
            venue.release(name)
            venue.run(400)
        assert not venue.leader.held.all(), turn


@pytest.mark.parametrize("is_named", [True, False])
def test_forged_announcements_keep_no_member_from_the_next_leader(is_named: bool) -> None:
    """500 a second to each badge, by somebody who sees sessions on the air: while the leader lives,
    and while a standby takes over. Hosts that the leader has named have a share of their own; one
    that it has not is heard a second after the flood."""
    venue = Failover(3)
    venue.run(4000)
    chance = random.Random(9)

    def flood(duration_ms: int) -> None:
        for _ in range(duration_ms // 4):  # a badge derives for two of a step at most
            for badge in venue.badges:
                said = (badge.engine.join.session, badge.engine.join.node)
                for _ in range(2):
                    key = HmacKey(chance.randbytes(4))
                    values = (messages.ROLE_LEADER, 2 + chance.randrange(100))
                    data = forged(key, messages.ROLE_ANNOUNCE, values, *said, chance.randrange(999))
                    source = ("stranger", chance.randrange(5))
                    badge.engine.receive_datagram(data, source, venue.now_ms)
            venue.run(4)

    if not is_named:
        venue.leader.standby_hosts = []
        for badge in venue.badges:
            badge.engine.membership.standbys.clear()
    flood(1000)
    venue.kill()
    flood(600) if is_named else venue.run(600)
    venue.take_over()
    flood(1500) if is_named else venue.run(1500)
    assert [badge.engine.join.term for badge in venue.badges] == [2] * 3
    assert [badge.engine.join.state for badge in venue.badges] == [JOINED] * 3
    assert all(not badge.all(events.LOST) for badge in venue.badges)
    refused = venue.badges[0].engine.refusals.as_dict()
    assert refused["limit"] > 10 * refused["tag"] > 0
