"""A journal and its replicas: whatever is lost, late or doubled, a complete copy is a true one."""

from ptt.base.clock import add
from ptt.base.numbers import (
    INT_MAX,
    JOURNAL_BEAT_MS,
    JOURNAL_BYTES_MAX,
    JOURNAL_GONE_MAX,
    JOURNAL_RETRY_MS,
    JOURNAL_WINDOW,
    STANDBYS_MAX,
)
from ptt.base.prng import Prng
from ptt.cluster import floor_record, member_record, records, settings_record
from ptt.cluster.journal import HEAD_BYTES, Journal, is_answer, is_entries
from ptt.cluster.replica import Replica
from ptt.leader.settings_in_force import Settings
from ptt.wire import refusal
from ptt.wire.refusal import Refused

START_MS = (1 << 30) - 500  # the clock wraps early
TERM = 5


class Source:
    """A state of members, whose requests count how often each has changed."""

    def __init__(self):
        self.requests = {}

    def write_record(self, kind, number, now_ms):
        member = member_record.MemberRecord(number)
        member.session = 1000 + number
        member.device = bytes((0, 0, 0, 0, 0, 0, number >> 8, number & 255))
        member.name = b"a name of twenty-two b"
        member.groups = (1, 7)
        member.request = self.requests[number]
        return member_record.write_member(member)


class Wire:
    """A leader's journal and its standbys; `loses(data)` says what does not come."""

    def __init__(self, standbys=1, loses=None, term=TERM):
        self.now_ms = START_MS
        self.source = Source()
        self.journal = Journal(term, self.source)
        self.replicas = {}
        self.loses = loses
        self.kept = []  # every datagram ever sent, to be doubled later
        for number in range(standbys):
            self.replicas[number] = Replica()
            assert self.journal.add_standby(number, self.now_ms)

    def sent(self):
        """The next datagram of the journal."""
        outgoing = self.journal.poll_transmit()
        assert outgoing is not None
        return outgoing.data

    def change(self, *numbers):
        for number in numbers:
            self.source.requests[number] = self.source.requests.get(number, 0) + 1
            self.journal.changed(records.MEMBER, number)
        self.settle()

    def remove(self, number):
        del self.source.requests[number]
        self.journal.removed(records.MEMBER, number)
        self.settle()

    def settle(self):
        self.journal.flush(self.now_ms)
        while True:
            entries = self.journal.poll_transmit()
            if entries is None:
                return
            assert len(entries.data) <= JOURNAL_BYTES_MAX
            self.kept.append(entries)
            self.carry(entries)

    def carry(self, entries):
        if self.loses is not None and self.loses(entries.data):
            return
        answer = self.replicas[entries.destination].receive(entries.data, self.now_ms)
        if answer is not None and not (self.loses is not None and self.loses(answer)):
            self.journal.receive(entries.destination, answer, self.now_ms)

    def wait(self, milliseconds):
        for _ in range(milliseconds // 10):
            self.now_ms = add(self.now_ms, 10)
            self.journal.handle_timeout(self.now_ms)
            self.settle()

    def copy(self, number=0):
        """Requests by member, as the standby has them."""
        state = self.replicas[number].state
        found = {}
        for node in state.numbers(records.MEMBER):
            found[node] = member_record.read_member(node, state.body(records.MEMBER, node)).request
        return found

    def check(self):
        for number in self.replicas:
            assert self.copy(number) == self.source.requests
            assert self.journal.lag(number) == 0


def test_a_change_is_there_in_the_same_step():
    wire = Wire(2)
    wire.change(2)
    wire.change(3, 4)
    wire.change(3)
    wire.remove(4)
    wire.check()
    assert wire.journal.next_timeout_ms() == add(START_MS, JOURNAL_BEAT_MS)
    assert wire.replicas[0].term == TERM


def test_a_new_standby_gets_all_of_it_in_pieces():
    wire = Wire(0)
    for number in range(2, 252):
        wire.change(number)
    wire.replicas[0] = Replica()
    wire.journal.add_standby(0, wire.now_ms)
    wire.settle()
    wire.check()
    assert 10 < len(wire.kept) <= 2 * JOURNAL_WINDOW


def test_half_a_snapshot_is_no_state():
    """The copy before is kept until the new one is complete."""
    wire = Wire()
    wire.change(2)
    later = Wire(0, term=TERM + 1)
    for number in range(2, 252):
        later.change(number)
    later.journal.add_standby(0, later.now_ms)
    later.journal.flush(later.now_ms)
    replica = wire.replicas[0]
    replica.receive(later.sent(), later.now_ms)
    assert replica.term == TERM
    assert wire.copy() == {2: 1}


def test_what_is_lost_is_said_again():
    lost = []
    wire = Wire(loses=lambda data: is_entries(data) and not lost and (lost.append(data) or True))
    wire.change(2)
    assert wire.replicas[0].state is None
    assert wire.journal.next_timeout_ms() == add(START_MS, JOURNAL_RETRY_MS)
    wire.wait(JOURNAL_RETRY_MS)
    wire.check()


def test_a_lost_answer_does_no_harm():
    wire = Wire(loses=is_answer)
    wire.change(2, 3)
    wire.wait(1000)
    assert wire.copy() == {2: 1, 3: 1}
    assert wire.journal.lag(0) == 2
    wire.loses = None
    wire.wait(1000)
    wire.check()


def test_a_silent_standby_costs_no_more_than_the_state():
    wire = Wire(loses=lambda data: True)
    for _ in range(3000):
        wire.change(2, 3, 4)
    assert len(wire.journal._log) < 40
    sent = len(wire.kept)
    wire.wait(10000)
    assert len(wire.kept) - sent < 30
    assert len(wire.journal._standbys[0].flight) <= JOURNAL_WINDOW
    wire.loses = None
    wire.wait(1000)
    wire.check()


def test_what_is_said_again_goes_one_datagram_at_a_time():
    """Whoever does not answer may be on a line that is full."""
    wire = Wire(loses=lambda data: True)
    wire.change(*range(2, 300))
    assert len(wire.kept) == JOURNAL_WINDOW
    wire.wait(JOURNAL_RETRY_MS)
    assert len(wire.kept) == JOURNAL_WINDOW + 1
    wire.loses = None
    wire.wait(1000)
    wire.check()


def test_who_missed_too_many_removals_begins_anew():
    wire = Wire()
    for number in range(2, 6):
        wire.change(number)
    wire.loses = lambda data: True
    for number in range(10, 10 + JOURNAL_GONE_MAX + 5):
        wire.change(number)
    wire.remove(3)
    for number in range(10, 10 + JOURNAL_GONE_MAX + 5):
        wire.remove(number)
    assert len(wire.journal._gone) == JOURNAL_GONE_MAX
    wire.loses = None
    wire.wait(2000)
    wire.check()
    assert 3 not in wire.copy()


def test_a_standby_that_lost_its_memory_begins_anew():
    wire = Wire()
    wire.change(2, 3)
    wire.replicas[0] = Replica()
    wire.change(4)
    wire.wait(500)
    wire.check()


def test_a_restarted_standby_is_noticed_although_nothing_changes():
    wire = Wire(2)
    wire.change(2, 3)
    wire.replicas[1] = Replica()
    wire.wait(JOURNAL_BEAT_MS + 200)
    wire.check()


def test_a_standby_that_was_restarted_unnoticed_says_so_when_it_is_asked():
    wire = Wire(2)
    wire.change(2, 3)
    wire.replicas[1] = Replica()
    assert wire.journal.lag(1) == 0  # as far as anybody knows
    position = wire.journal.ask_all(wire.now_ms)
    assert wire.journal.lag(1) > 0
    wire.settle()
    assert wire.journal.position == position
    wire.check()


def test_nothing_is_said_twice_while_all_is_well():
    wire = Wire()
    wire.change(2, 3)
    before = len(wire.kept)
    wire.wait(10 * JOURNAL_BEAT_MS)
    assert len(wire.kept) == before + 10
    assert all([len(each.data) == HEAD_BYTES for each in wire.kept[before:]])


def test_an_older_leader_is_not_believed():
    wire = Wire()
    wire.change(2)
    older = Wire(0, term=TERM - 1)
    older.change(9)
    older.journal.add_standby(0, older.now_ms)
    older.journal.flush(older.now_ms)
    assert wire.replicas[0].receive(older.sent(), older.now_ms) is None
    assert wire.copy() == {2: 1}
    assert wire.replicas[0].refusals.as_dict()["stale"] == 1


def test_no_more_standbys_than_allowed():
    wire = Wire(0)
    for number in range(STANDBYS_MAX):
        assert wire.journal.add_standby(number, START_MS)
    assert not wire.journal.add_standby(9, START_MS)
    assert wire.journal.add_standby(0, START_MS)
    wire.journal.remove_standby(0)
    assert wire.journal.add_standby(9, START_MS)


def test_answers_of_strangers_and_of_other_times_are_nothing():
    wire = Wire()
    wire.change(2)
    good = wire.replicas[0].receive(wire.kept[-1].data, START_MS)
    assert is_answer(good)
    assert not wire.journal.receive("stranger", good, START_MS)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x55
        wire.journal.receive(0, bytes(bad), START_MS)
    assert not wire.journal.receive(0, good[:-1], START_MS)
    wire.settle()
    wire.change(3)
    wire.wait(1000)
    wire.check()


def test_damaged_entries_change_nothing():
    """The channel keeps records whole; a leader of another build may still send something that is
    none."""
    wire = Wire()
    wire.change(2, 3)
    whole = wire.kept[-1].data
    for size in range(len(whole)):
        replica = Replica()
        replica.receive(whole[:size], START_MS)
        if replica.state is not None:  # cut between two records, which only the channel can tell
            assert (size - HEAD_BYTES) % ((len(whole) - HEAD_BYTES) // 2) == 0
    prng = Prng(4)
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(1 + prng.below(4)):
            data[prng.below(len(data))] = prng.below(256)
        replica = Replica()
        replica.receive(bytes(data), START_MS)
        if replica.state is not None:
            for node in replica.state.numbers(records.MEMBER):
                body = replica.state.body(records.MEMBER, node)
                assert body is not None
                member_record.read_member(node, body)


def test_records_are_read_strictly():
    floor = floor_record.FloorRecord(1)
    floor.queue = [(2, 5, 0, False), (3, 6, 1, True)]
    floor.lease, floor.holder, floor.request = 7, 4, -1
    floor.left_ms, floor.granted_ms = 1000, 1000
    body = floor_record.write_floor(floor)
    again = floor_record.read_floor(1, body)
    assert (again.lease, again.holder, again.request, again.queue) == (7, 4, -1, floor.queue)
    wrong = [
        (records.FLOOR, 0, body),
        (records.FLOOR, 1, body[:-1]),
        (records.FLOOR, 1, b""),
        (records.FLOOR, 1, bytes(19) + bytes(5 * 129)),
        (records.FLOOR, 1, floor_of_times(1001, 1000)),
        (records.FLOOR, 1, floor_of_times(1000, settings_record.RANGES[2][1] + 1)),
        (records.FLOOR, 1, floor_of_times(1000, INT_MAX)),  # a week under one grant
        (records.CALL, 127, bytes(8)),
        (records.CALL, 128, bytes(7)),
        (records.SETTINGS, 1, bytes(10)),
        (records.COUNTERS, 0, b"\xff" * 9),
        (records.MEMBER, 1, bytes(40)),
        (9, 0, b""),
    ]
    longest_ms = settings_record.RANGES[2][1]
    assert Settings(1, talk_ms=longest_ms).values()[2] == longest_ms
    records.check(records.FLOOR, 1, floor_of_times(longest_ms, longest_ms))
    for kind, number, data in wrong:
        try:
            records.check(kind, number, data)
        except Refused as refused:
            assert refused.reason in (refusal.FIELD, refusal.RANGE, refusal.TYPE)
        else:
            raise AssertionError((kind, number, data))


def floor_of_times(left_ms, granted_ms):
    floor = floor_record.FloorRecord(1)
    floor.holder, floor.left_ms, floor.granted_ms = 4, left_ms, granted_ms
    return floor_record.write_floor(floor)


def test_any_loss_and_any_repetition():
    """In the end the copies are right, and at every moment they are a state that once was."""
    for seed in range(1, 13):
        prng = Prng(seed)
        wire = Wire(2, loses=lambda data, prng=prng: prng.below(100) < 35)
        for _ in range(150):
            number = 2 + prng.below(40)
            if number in wire.source.requests and prng.below(4) == 0:
                wire.remove(number)
            else:
                wire.change(number)
            if prng.below(3) == 0:
                wire.wait(60)
            if prng.below(5) == 0:
                wire.carry(wire.kept[prng.below(len(wire.kept))])
            if prng.below(40) == 0:
                wire.replicas[prng.below(2)] = Replica()
        wire.loses = None
        wire.wait(3000)
        wire.check()
