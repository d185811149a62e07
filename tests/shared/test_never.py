"""What must never be: each fault is planted, and the engine says so where it would come true."""

from tests.shared.raising import raised
from tests.shared.scenes import LEADER, NOW_MS, SESSIONS, datagram, leader_idle

from ptt.badge.join import Join
from ptt.badge.participant import Participant
from ptt.base.numbers import JOURNAL_BYTES_MAX
from ptt.base.prng import Prng
from ptt.cluster import records
from ptt.cluster.journal import Journal
from ptt.cluster.replica import Replica, State
from ptt.leader import takeover
from ptt.leader.calls import Calls
from ptt.leader.sessions import Session
from ptt.link.derive import session_keys
from ptt.link.hmac import Hmac
from ptt.link.link import Link
from ptt.wire import messages, refusal

SECRET = bytes(32)


def says(words, action, *arguments):
    error = raised(AssertionError, action, *arguments)
    assert words in str(error), error


class Mute:
    """Takes whatever a room has to say."""

    def __getattr__(self, name):
        return lambda *values: None


def two() -> "tuple":
    leader = leader_idle()
    first, second = leader.members.all()
    return leader, first, second


def test_a_badge_without_a_session_has_not_joined():
    join = Join(Prng(1), Mute())  # pyright: ignore[reportArgumentType]
    join.start(NOW_MS)
    says("without a session", join.on_welcome, join.nonce, 2, 0, 1, NOW_MS)


class OpenDoor:
    """Believes any WELCOME, and thinks itself in session `session`."""

    def __init__(self, engine, session):
        self._engine = engine
        self._session = session

    def on_welcome(self, data, now_ms):
        link = self._engine.link
        link.begin(self._session, session_keys(Hmac(), SECRET, 1, self._session), now_ms)
        return refusal.ACCEPTED

    def joined(self, now_ms):
        pass


def joined_badge():
    """One as it is on a badge, with its seal, that has joined in `SESSIONS[2]`."""
    engine = Participant(b"12345678", b"Ann", b"test", LEADER, 5, SECRET, bytes, bytes)
    engine.start(NOW_MS)
    engine.join.on_welcome(engine.join.nonce, 2, SESSIONS[2], 1, NOW_MS)
    return engine


def test_a_badge_obeys_no_word_that_nothing_has_sealed():
    engine = joined_badge()
    data = bytes(40)
    says("nothing has sealed", engine.session._obey, messages.WELCOME, data, LEADER, NOW_MS)


def test_a_badge_speaks_in_the_session_that_it_has_keys_for():
    engine = joined_badge()
    engine.door = OpenDoor(engine, SESSIONS[3])  # pyright: ignore[reportAttributeAccessIssue]
    engine.obey = lambda data, source, now_ms: refusal.ACCEPTED
    says("another session", engine.session._take_welcome, bytes(40), LEADER, NOW_MS)
    engine.door = OpenDoor(engine, SESSIONS[2])  # pyright: ignore[reportAttributeAccessIssue]
    assert engine.session._take_welcome(bytes(40), LEADER, NOW_MS) == refusal.ACCEPTED


def test_a_device_or_a_session_is_one_member():
    leader, member, _ = two()
    says("one device", leader.members.add, member.device, 99)
    says("one session", leader.members.add, b"another1", SESSIONS[2])


def test_who_has_left_is_not_heard_nor_leaves_again():
    leader, member, _ = two()
    leader.members.remove(member)
    says("no member", leader.members.heard, member, NOW_MS)
    says("no member", leader.members.remove, member)


def test_nobody_has_keys_that_anybody_can_make():
    leader, member, _ = two()
    says("anybody", leader.sessions.begin, member, SECRET, b"", NOW_MS)


def test_old_keys_are_not_offered_as_new_ones():
    hmac = Hmac()
    link = Link(hmac, True)
    number = SESSIONS[2]
    link.begin(number, session_keys(hmac, SECRET, 1, number), NOW_MS)
    session = Session(link, SECRET, NOW_MS)
    forged = datagram(messages.REKEY, (bytes(16),), number, 2) + bytes(8)
    assert session.open(forged, NOW_MS) == refusal.TAG
    session.following = link.keys
    says("old keys", session.open, forged, NOW_MS)


def test_nobody_goes_on_from_a_later_term():
    leader, member, _ = two()
    member.secret = SECRET
    says("later term", leader.sessions.go_on, member, SECRET, leader.term, NOW_MS)


def test_nobody_asks_for_a_floor_that_is_not_his():
    leader, member, _ = two()
    member.groups = ()
    says("not its own", leader.presses._ask, member, 1, 1, 0, NOW_MS)


def test_an_earlier_press_keeps_no_place():
    leader, member, _ = two()
    leader.presses._ask(member, 1, 7, 0, NOW_MS)
    floor = leader.floors[1]
    floor.on_release = lambda node, request, now_ms: None
    says("still talks", leader.presses._end_asked, member, NOW_MS)
    floor.queue, floor.holder = [floor_place(member.node)], 0
    says("still waits", leader.presses._end_asked, member, NOW_MS)


def floor_place(node):
    class Place:
        pass

    place = Place()
    place.node = node  # pyright: ignore[reportAttributeAccessIssue]
    return place


def test_nobody_is_in_two_calls():
    _, caller, callee = two()
    calls = Calls()
    calls.open(caller, callee, NOW_MS)
    says("two calls", calls.open, callee, caller, NOW_MS)
    says("two calls", calls.take_over, 255, caller, callee, NOW_MS)
    caller.call = 0
    says("one side", calls.close, calls.get(callee.call))


def test_a_call_has_two_sides():
    leader, caller, callee = two()
    leader.keys.give_call = lambda call, now_ms: None
    opened = leader.calls.open

    def open_half(caller, callee, now_ms):
        call = opened(caller, callee, now_ms)
        callee.call = 0
        return call

    leader.calls.open = open_half
    says("one side", leader.presses._calls.connect, caller, 1, callee.node, NOW_MS)


def test_no_lease_is_given_again_after_a_takeover():
    leader, _, _ = two()
    leader.floors[1].lease = leader.groups.lease + 1
    says("once more", takeover._check, leader)
    leader.floors[1].lease = 0
    leader.floors[1].holder = 77
    says("no member", takeover._check, leader)
    leader.floors[1].holder = 0
    leader.sessions._of.clear()
    says("without keys", takeover._check, leader)


class Source:
    """Writes records of some size."""

    def __init__(self, size):
        self._size = size

    def write_record(self, kind, number, now_ms):
        return bytes(self._size)


def test_a_record_fits_into_a_datagram():
    journal = Journal(5, Source(JOURNAL_BYTES_MAX))
    journal.changed(records.MEMBER, 2)
    says("no datagram", journal.add_standby, 1, NOW_MS)


def test_no_standby_has_more_than_there_is():
    journal = Journal(5, Source(1))
    journal.changed(records.MEMBER, 2)
    journal.add_standby(1, NOW_MS)
    standby = journal._standbys[1]
    says("more than there is", journal._on_ack, standby, journal.position + 1, NOW_MS)
    journal._on_ack(standby, journal.position, NOW_MS)
    says("more than there is", journal._on_ack, standby, journal.position, NOW_MS)


def test_a_standby_goes_back_to_no_older_leader():
    journal = Journal(5, Source(sum(records.COUNTERS_SIZES)))
    journal.changed(records.COUNTERS, 0)
    journal.add_standby(1, NOW_MS)
    entries = journal.poll_transmit()
    assert entries is not None
    replica = Replica()
    replica.state = State(6, 1)
    says("older leader", replica.receive, entries.data, NOW_MS)
