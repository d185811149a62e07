"""Talkers are told how their bursts were heard."""

from tests.shared import oracle
from tests.shared.datagrams import datagram, drain
from tests.shared.venue import Venue

from ptt.base import events
from ptt.base.numbers import RECEIPT_WAIT_MS
from ptt.media.frame_store import FrameStore
from ptt.media.jitter_buffer import JitterBuffer
from ptt.wire import codec, messages
from ptt.wire.messages import BURST_RECEIPT, FLOOR_RELEASE, RECEIVER_REPORT, VOICE_FRAME


def said(venue, name="A", wait_ms=3000):
    """A burst of half a second, and what its talker was told of it (without the lease)."""
    venue.press(name)
    venue.run(500)
    venue.release(name)
    venue.run(wait_ms)
    oracle.check_all(venue)
    return [value[1:] for value in venue.badge(name).all(events.RECEIPT)]


def joined(badges=4, **network):
    return Venue(badges, **network).run(1500)


def test_all_report():
    venue = joined()
    assert said(venue, wait_ms=500) == [(3, 3, 3)]
    receipts = [value for _, kind, value in venue.leader_events if kind == events.RECEIPT]
    assert receipts == [(1, 3, 3, 3)]


def test_one_never_reports():
    venue = joined()
    silent = venue.badge("C").address
    venue.loses = lambda data, source, destination: data[1] == RECEIVER_REPORT and source == silent
    assert said(venue, wait_ms=0) == []
    venue.run(RECEIPT_WAIT_MS)
    assert venue.badge("A").all(events.RECEIPT) == []
    venue.run(100)
    assert venue.badge("A").all(events.RECEIPT) == [(1, 3, 2, 2)]


def test_one_that_heard_nothing_says_nothing():
    venue = joined()
    deaf = venue.badge("C")
    venue.loses = lambda data, source, destination: (
        data[1] == VOICE_FRAME and destination == deaf.address
    )
    assert said(venue) == [(3, 2, 2)]
    assert deaf.all(events.HEARD) == []


def test_alone():
    assert said(joined(badges=1)) == [(0, 0, 0)]


def test_who_joins_in_the_midst_of_a_burst_has_not_heard_it_whole():
    venue = Venue(3)
    late = venue.badge("C")
    late.alive = False
    venue.run(6500)
    venue.press("A")
    venue.run(300)
    late.alive = True
    venue.run(1500)
    venue.release("A")
    venue.run(3000)
    assert venue.badge("A").all(events.RECEIPT) == [(1, 2, 2, 1)]
    assert "stale" not in venue.leader.refusals.as_dict()
    assert late.all(events.HEARD)


def test_bursts_that_follow_each_other_at_once():
    """The reports on one come while the next one runs already."""
    venue = joined()
    venue.press("A", "B", "C")
    for _ in range(3):
        venue.run(300)
        talking = [badge.name[0] for badge in venue.badges if badge.engine.floor.may_send()]
        venue.release(*talking)
    venue.run(2000)
    for name in "ABC":
        (told,) = venue.badge(name).all(events.RECEIPT)
        assert told[1:] == (3, 3, 3), name
    oracle.check_all(venue)


def test_a_release_that_was_lost_holds_up_nothing():
    """The listeners report before the leader knows that the burst is over."""
    venue = joined()
    venue.press("A")
    venue.run(500)
    venue.loses = lambda data, source, destination: data[1] == FLOOR_RELEASE
    venue.release("A")
    venue.run(300)
    venue.loses = None
    venue.run(300)
    assert venue.badge("A").all(events.RECEIPT) == [(1, 3, 3, 3)]


def test_a_receipt_that_comes_twice_is_told_once():
    venue = joined()
    kept = []

    def keep(data, source, destination):
        if data[1] == BURST_RECEIPT:
            kept.append(data)
        return False

    venue.loses = keep
    said(venue)
    engine = venue.badge("A").engine
    engine.receive_datagram(kept[0], ("leader", 1), venue.now_ms)
    assert engine.next_event() is None
    assert engine.refusals.as_dict()["replay"] == 1


def test_a_new_leader_counts_leases_anew_and_its_receipts_are_told():
    venue = joined()
    assert said(venue) == [(3, 3, 3)]
    venue.restart_leader(term=2)
    venue.run(5000)
    venue.leader_events.clear()
    venue.passed_on.clear()
    venue.press("A")
    venue.run(500)
    venue.release("A")
    venue.run(1000)
    assert venue.badge("A").all(events.RECEIPT) == [(1, 3, 3, 3)] * 2


def test_reports_by_hand():
    """Twice, about another burst, from the talker, about another group."""
    venue = joined(is_clear=True)
    venue.press("A")
    venue.run(300)
    (talker, listener, _, _) = venue.leader.members.all()
    if talker.address != ("badge", 0):
        talker, listener = listener, talker
    for member, values, reason in (
        (listener, (1, 1, 10, 0, 0), "accepted"),
        (listener, (1, 1, 10, 0, 0), "stale"),
        (listener, (1, 2, 10, 0, 0), "stale"),
        (talker, (1, 1, 10, 0, 0), "stale"),
        (listener, (2, 1, 10, 0, 0), "field"),
    ):
        if member.address == ("badge", 0) and member is not talker:
            continue
        before = venue.leader.refusals.as_dict().get(reason, 0)
        data = datagram(RECEIVER_REPORT, values, member.session, member.node)
        venue.leader.receive_datagram(data, member.address, venue.now_ms)
        assert venue.leader.refusals.as_dict()[reason] == before + 1, (values, reason)
    assert drain(venue.leader) == []


def test_nobody_hears_more_of_a_burst_than_was_spoken():
    """Else one badge's false report would outweigh all true ones."""
    venue = joined(is_clear=True)
    venue.press("A")
    venue.run(300)
    members = venue.leader.members.all()
    (spoken,) = [account.frames for account in venue.leader.groups.receipts[1]._accounts]
    assert 0 < spoken < 20
    listeners = [each for each in members if each.address != ("badge", 0)]
    reports = ((60_000, 5, 60_000), (3, 60_000, 0), (spoken - 1, 1, 1))
    for member, (played, concealed, late) in zip(listeners, reports):
        values = (1, 1, played, concealed, late)
        data = datagram(RECEIVER_REPORT, values, member.session, member.node)
        venue.leader.receive_datagram(data, member.address, venue.now_ms)
    told = [(each.played, each.concealed, each.late) for each in listeners]
    wanted = [(spoken, 0, 0), (3, spoken - 3, 0), (spoken - 1, 1, 1)]
    assert told == wanted[: len(told)] and len(told) >= 2


def test_a_report_holds_no_more_than_its_fields():
    """A flood of late frames must not end a listener's engine."""
    engine = joined().badge("B").engine
    drain(engine)
    buffer = JitterBuffer(24, FrameStore(1))
    buffer.open(5, 9, 0)
    buffer.played = 0x10000
    buffer.concealed = 0x10001
    buffer.late = 0x3FFFFFFF
    engine.listening.burst_heard(buffer, 5000)
    ((data, _),) = drain(engine)
    assert codec.decode(messages.RECEIVER_REPORT, data, 24, len(data))[2:] == [0xFFFF] * 3


def test_what_is_told_is_true_whatever_is_lost():
    complete = 0
    for seed in range(12):
        venue = Venue(5, seed, jitter_ms=20).run(1500)
        venue.loss_percent = 1 + seed % 4 * 4
        for name in "AB":
            complete += said(venue, name) == [(4, 4, 4)]
        oracle.check_at_rest(venue)
    assert complete  # some bursts lose nothing


def test_who_joins_during_the_burst_and_hears_it_is_counted():
    venue = Venue(badges=2)
    late = venue.badge("B")
    late.alive = False
    venue.run(1500)
    venue.press("A")
    venue.run(200)
    late.alive = True
    venue.run(1500)
    assert late.heard_of(1)
    venue.release("A")
    venue.run(3000)
    assert [value[1:] for value in venue.badge("A").all(events.RECEIPT)] == [(1, 1, 0)]


def test_who_joins_anew_during_the_burst_is_one_listener():
    venue = joined(3)
    venue.press("A")
    venue.run(300)
    venue.badge("B").engine.join.on_forgotten(venue.now_ms)
    venue.run(1500)
    venue.release("A")
    venue.run(3000)
    ((listeners, heard, _),) = [value[1:] for value in venue.badge("A").all(events.RECEIPT)]
    assert (listeners, heard) == (2, 2)


def test_a_listener_that_filled_a_place_behind_the_end_heard_it_whole():
    """As after the talk limit, when no frame is marked as the last."""
    venue = joined(is_clear=True)
    venue.press("A")
    venue.run(300)
    members = venue.leader.members.all()
    (account,) = venue.leader.groups.receipts[1]._accounts
    for member in members:
        values = (1, 1, account.frames, 1, 1)
        data = datagram(RECEIVER_REPORT, values, member.session, member.node)
        venue.leader.receive_datagram(data, member.address, venue.now_ms)
    assert account.counts()[1:] == (3, 3, 3)
    assert {(each.concealed, each.late) for each in members} == {(0, 0)}
