"""Everything that grows has a limit, and says so when it is reached."""

from tests.shared.clear import ClearLeader, clear_participant
from tests.shared.datagrams import datagram, drain
from tests.shared.venue import LEADER, Venue

from ptt.badge.join import SEARCHING
from ptt.base import events
from ptt.base.numbers import EVENTS_MAX, MEMBERS_MAX, OUTBOX_SLOTS, QUEUE_MAX
from ptt.wire import envelope, messages

NOW_MS = 5000


def hello(number):
    values = (bytes([number >> 8, number & 255] * 4), 7, messages.TABLE_HASH, 2, b"x", b"y")
    return datagram(messages.HELLO, values)


def full_leader():
    leader = ClearLeader(1, 1)
    for number in range(MEMBERS_MAX):
        leader.receive_datagram(hello(number), ("badge", number), NOW_MS)
    kinds = [data[1] for data, _ in drain(leader)]
    assert kinds == [messages.WELCOME] * MEMBERS_MAX
    return leader


def request(leader, number, kind=messages.FLOOR_REQUEST, values=(1, 1)):
    member = leader.members.by_device(bytes([number >> 8, number & 255] * 4))
    data = datagram(kind, values, member.session, member.node)
    leader.receive_datagram(data, ("badge", number), NOW_MS)


def test_members_then_a_refusal_that_says_full():
    leader = full_leader()
    assert len(leader.members) == MEMBERS_MAX
    leader.receive_datagram(hello(MEMBERS_MAX), ("badge", MEMBERS_MAX), NOW_MS)
    ((data, destination),) = drain(leader)
    assert destination == ("badge", MEMBERS_MAX)
    assert (data[1], data[24]) == (messages.NACK, messages.NACK_FULL)
    assert len(leader.members) == MEMBERS_MAX
    assert leader.refusals.as_dict()["limit"] == 1


def test_a_member_that_asks_again_is_no_further_member():
    leader = full_leader()
    leader.receive_datagram(hello(3), ("badge", 3), NOW_MS)
    ((data, _),) = drain(leader)
    assert data[1] == messages.WELCOME
    assert len(leader.members) == MEMBERS_MAX


def test_a_badge_learns_that_the_leader_is_full():
    leader = full_leader()
    engine = clear_participant(b"12345678", b"late", b"test", LEADER, 5)
    engine.start(NOW_MS)
    ((data, _),) = drain(engine)
    leader.receive_datagram(data, ("badge", 999), NOW_MS)
    ((data, _),) = drain(leader)
    engine.receive_datagram(data, LEADER, NOW_MS)
    assert engine.next_event() == (events.REFUSED, messages.NACK_FULL)
    assert engine.join.state == SEARCHING


def test_the_queue_has_a_limit():
    leader = full_leader()
    for number in range(QUEUE_MAX + 2):
        request(leader, number)
    sent = drain(leader)
    (floor,) = leader.floors.values()
    assert len(floor.queue) == QUEUE_MAX
    denied = [data for data, _ in sent if data[1] == messages.FLOOR_DENIED]
    assert len(denied) == 1
    assert denied[0][27] == messages.DENIAL_QUEUE_FULL
    request(leader, 0, messages.FLOOR_RELEASE, (1, 1, 1))
    assert len(floor.queue) == QUEUE_MAX - 1
    assert leader.outbound.overrun == 0


def test_events_that_nobody_fetches_are_bounded():
    leader = full_leader()
    kept = []
    while True:
        event = leader.next_event()
        if event is None:
            break
        kept.append(event)
    assert len(kept) == EVENTS_MAX
    assert kept[-1] == (events.MEMBER_JOINED, MEMBERS_MAX + 1)  # the newest stay
    assert leader.told.dropped == MEMBERS_MAX - EVENTS_MAX


def test_datagrams_that_nobody_fetches_are_bounded():
    leader = full_leader()
    for _ in range(9):
        for number in range(MEMBERS_MAX):
            leader.receive_datagram(hello(number), ("badge", number), NOW_MS)
    assert leader.outbound.overrun == 5 * MEMBERS_MAX
    assert len(drain(leader)) == 4 * MEMBERS_MAX


def test_an_outbox_that_is_never_empty_does_not_grow():
    """An adapter may fetch one datagram a turn while one a turn comes in."""
    leader = full_leader()
    leader.receive_datagram(hello(0), ("badge", 0), NOW_MS)
    for number in range(20 * MEMBERS_MAX):
        leader.receive_datagram(
            hello(number % MEMBERS_MAX), ("badge", number % MEMBERS_MAX), NOW_MS
        )
        assert leader.poll_transmit() is not None
    assert len(leader.outbound) <= 8 * MEMBERS_MAX
    assert leader.outbound.overrun == 0


def test_a_badge_that_cannot_send_keeps_the_newest():
    engine = clear_participant(b"12345678", b"alone", b"test", LEADER, 5)
    engine.start(0)
    now_ms = 0
    for _ in range(20):
        now_ms = engine.next_timeout_ms()
        engine.handle_timeout(now_ms)
    sent = drain(engine)
    assert len(sent) == OUTBOX_SLOTS
    assert engine.outbox.overrun == 21 - OUTBOX_SLOTS
    assert envelope.timestamp_ms(sent[-1][0]) == now_ms


def test_a_badge_keeps_the_newest_events():
    venue = Venue()
    engine = venue.run(1000).badge("A").engine
    for _ in range(EVENTS_MAX):
        engine.tell(events.IDLE, 1)
    engine.tell(events.LOST, 2)
    kept = []
    while True:
        event = engine.next_event()
        if event is None:
            break
        kept.append(event)
    assert len(kept) == EVENTS_MAX
    assert kept[-1] == (events.LOST, 2)
