"""What a leader knows of a badge, and what a badge measures of its way to the leader."""

from tests.shared.datagrams import datagram, drain
from tests.shared.venue import Venue

from ptt.wire.messages import BADGE_REPORT, HEARTBEAT

REPORT = (61, 0xA1B2, 11, 80, 12, 3, 1100, 45, 2, 60, 14, 1)


def test_a_leader_keeps_the_last_report_and_answers_nothing():
    venue = Venue(2, 1, is_clear=True).run(1500)
    leader = venue.leader
    member, other = leader.members.all()
    assert member.report is None
    drain(leader)
    for report in (REPORT, (70,) + REPORT[1:]):
        venue.now_ms += 10_000
        data = datagram(BADGE_REPORT, report, member.session, member.node)
        leader.receive_datagram(data, member.address, venue.now_ms)
        assert (member.report, member.reported_ms) == (list(report), venue.now_ms)
    assert drain(leader) == []
    assert other.report is None


def test_what_was_heard_of_all_bursts_is_summed():
    venue = Venue(2, 1).run(1500)
    for _ in range(2):
        talker = venue.badge("A")
        talker.engine.press(venue.now_ms)
        venue.run(600)
        talker.engine.release(venue.now_ms)
        venue.run(2000)
    talker, listener = venue.leader.members.all()
    if talker.address != venue.badge("A").address:
        talker, listener = listener, talker
    assert listener.played > 40
    assert listener.concealed == 0
    assert talker.played == 0


def test_a_badge_measures_its_way_to_the_leader():
    venue = Venue(1, 1).run(4500)
    membership = venue.badge("A").engine.membership
    assert membership.unanswered == 0
    assert 0 < membership.round_trip_ms <= 100
    venue.loses = lambda data, source, destination: (
        data[1] == HEARTBEAT and destination == ("badge", 0)
    )
    venue.run(2000)
    lost = membership.unanswered
    assert lost >= 2
    venue.loses = None
    venue.run(4000)
    assert membership.unanswered - lost <= 1
