"""Relays: no word is lost when one dies, moves or doubles."""

from tests.shared.multicast_venue import heard_whole, talk
from tests.shared.relay_venue import LEADER, ONE, TWO, asked, senders, venue

from ptt.base import events
from ptt.fanout import fanout as fan_out
from ptt.wire import refusal


def test_a_relay_that_dies_amid_a_burst():
    made = venue(relays=1)
    relayed = made.relayed()
    lease = talk(made, 2400, meanwhile=lambda: made.dead.add(ONE))
    heard_whole(made, lease)
    for index in relayed:
        if index:
            assert senders(made)[index] == {ONE, LEADER}
    made.run(3000)
    assert made.relayed() == {}
    assert [value[0] for _, kind, value in made.leader_events if kind == events.RELAY_LOST] == [ONE]


def test_a_relay_that_dies_while_packets_differ_by_access_point():
    plan = fan_out.frames_in_packet
    for died_ms in (1100, 1120, 1140):
        made = venue(relays=1, badges=9)
        for member in made.leader.members.all():
            place = 8 if member.address[1] % 3 == 0 else 7
            member.report = [61, place, 11, 80, 12, 3, 1100, 45, 2, 60, 14, 1]
        fan_out.frames_in_packet = lambda listeners, before=1: 3 if listeners > 4 else 1
        try:
            made.press("A")
            made.run(died_ms)
        finally:
            fan_out.frames_in_packet = plan
        made.dead.add(ONE)
        made.run(1000)
        lease = made.badge("A").engine.floor.lease
        made.release("A")
        made.run(2500)
        heard_whole(made, lease)


def test_a_relay_that_dies_before_anybody_speaks():
    """The leader does not know yet: its last question was answered."""
    made = venue(relays=1)
    made.dead.add(ONE)
    heard_whole(made, talk(made, 1600))


def test_a_relay_that_dies_just_before_the_end():
    made = venue(relays=1)
    made.press("A")
    made.run(1500)
    made.dead.add(ONE)
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard_whole(made, lease)


def test_a_relay_that_dies_just_before_another_talks():
    """The end of the burst is asked for although the next one has begun."""
    made = venue(relays=1)
    made.press("A")
    made.run(1200)
    made.press("C")
    made.run(300)
    first = made.badge("A").engine.floor.lease
    made.dead.add(ONE)
    made.run(60)
    made.release("A")
    made.run(1200)
    second = made.badge("C").engine.floor.lease
    made.release("C")
    made.run(2500)
    assert second > first
    heard_whole(made, first)
    heard_whole(made, second, but=2)


def test_nobody_is_silent_for_long_when_a_relay_dies():
    made = venue(relays=1, badges=12)
    made.press("A")
    made.run(1500)
    made.dead.add(ONE)
    made.run(400)  # the target
    assert {index for index, source in made.by_relay if source == LEADER} >= set(range(1, 12))


def test_a_talker_who_falls_silent_costs_no_relay_its_listeners():
    made = venue()
    before = made.relayed()
    made.press("A")
    made.run(600)
    made.badge("A").hears_itself = False
    made.run(900)
    made.badge("A").hears_itself = True
    made.run(600)
    made.release("A")
    made.run(2500)
    assert made.relayed() == before
    heard_whole(made, talk(made, 800))


def test_moved_amid_a_burst_nobody_notices():
    """The plan changes for bursts to come."""
    made = venue()
    busy = []

    def leave():
        made.is_leaving.add(ONE)
        busy.append(made.relays[ONE].is_busy(made.now_ms))

    lease = talk(made, 4000, meanwhile=leave)
    heard_whole(made, lease)
    assert busy == [True] and not made.relays[ONE].is_busy(made.now_ms)
    assert not asked(made)


def test_what_a_relay_sends_twice_is_heard_once():
    made = venue()
    send = made.send

    def twice(data, source, destination):
        send(data, source, destination)
        if source in (ONE, TWO):
            send(data, source, destination)

    made.send = twice
    heard_whole(made, talk(made, 1600))
    assert made.badges[3].engine.refusals[refusal.REPLAY] > 5
