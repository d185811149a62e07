"""A badge looks for its leader, joins it, and notices when it is gone."""

from ptt.badge.join import JOINED, RULES, SEARCHING, STATES, TRIGGERS, Join
from ptt.base import events
from ptt.base.clock import add, since
from ptt.base.numbers import (
    HEARTBEAT_MS,
    HELLO_RETRY_MS,
    HELLO_RETRY_MS_MAX,
    LEADER_LOST_MS,
    PROBE_MS,
)
from ptt.base.prng import Prng

NOW_MS = 527000000

# state, trigger, next state, what is done outside
EXPECTED = """
searching | start         | searching | hello
searching | timeout       | searching | hello
searching | welcome       | joined    | told joined 7
joined    | timeout       | joined    | heartbeat
joined    | announced     | joined    | told moved 2
joined    | leader silent | searching | told lost 3000, lost, hello
joined    | forgotten     | searching | told lost 0, lost, hello
"""


class Output:
    """Remembers what `join` asked for."""

    def __init__(self, join):
        self.done = []
        self.nonces = []
        self._join = join

    def send_hello(self, now_ms):
        self.done.append("hello")
        self.nonces.append(self._join.nonce)

    def send_probe(self, tries, now_ms):
        self.done.append("probe %d" % tries)

    def send_heartbeat(self, now_ms):
        self.done.append("heartbeat")

    def leader_lost(self, now_ms):
        self.done.append("lost")

    def tell(self, kind, value):
        self.done.append("told %s %s" % (events.NAMES[kind], value))


class Membership(Join):
    def __init__(self, seed):
        self.output = Output(self)
        super().__init__(Prng(seed), self.output)


def searching(seed=1, now_ms=NOW_MS):
    join = Membership(seed)
    join.start(now_ms)
    join.output.done.clear()
    return join


def joined(seed=1, term=1):
    join = searching(seed)
    assert join.on_welcome(join.nonce, 7, 1234, term, NOW_MS)
    join.output.done.clear()
    return join


def happen(join, trigger):
    if trigger == "start":
        join.start(NOW_MS)
    elif trigger == "welcome":
        join.on_welcome(join.nonce, 7, 1234, 1, NOW_MS)
    elif trigger == "timeout":
        join.handle_timeout(join._due_ms)
    elif trigger == "announced":
        join.on_announced(2, NOW_MS)
    elif trigger == "leader silent":
        join.handle_timeout(NOW_MS + LEADER_LOST_MS)
    else:
        assert trigger == "forgotten"
        join.on_forgotten(NOW_MS)


def expected_rows():
    for line in EXPECTED.strip().split("\n"):
        yield tuple([part.strip() for part in line.split("|")])


def test_the_table_has_the_expected_rows():
    rows = [(STATES[row[0]], TRIGGERS[row[1]], STATES[row[2]]) for row in RULES]
    assert sorted(rows) == sorted([row[0:3] for row in expected_rows()])


def test_every_rule_by_what_makes_it_happen():
    for state, trigger, next_state, done in expected_rows():
        join = searching() if state == "searching" else joined()
        happen(join, trigger)
        assert STATES[join.state] == next_state, (state, trigger)
        assert ", ".join(join.output.done) == done, (state, trigger)


def test_every_pair_without_a_rule_changes_nothing():
    ruled = [row[0:2] for row in expected_rows()]
    for state, make in (("searching", searching), ("joined", joined)):
        for trigger in TRIGGERS:
            if (state, trigger) not in ruled:
                join = make()
                join._fire(TRIGGERS.index(trigger), 1, NOW_MS)
                assert STATES[join.state] == state, trigger
                assert join.output.done == []


def test_hellos_come_ever_slower_up_to_a_limit():
    join = searching()
    now_ms = NOW_MS
    waits = []
    for _ in range(8):
        due_ms = join.next_timeout_ms()
        join.handle_timeout(due_ms - 1)
        waits.append(due_ms - now_ms)
        now_ms = due_ms
        join.handle_timeout(now_ms)
    assert join.output.done == ["hello"] * 8
    longest = HELLO_RETRY_MS
    for wait_ms in waits:
        assert longest // 2 <= wait_ms < longest
        longest = min(2 * longest, HELLO_RETRY_MS_MAX)


def test_a_leader_that_resigns_is_left_at_once():
    join = joined()
    join.on_forgotten(NOW_MS)
    assert join.state == SEARCHING
    assert join.output.done == ["told lost 0", "lost", "hello"]
    join.on_forgotten(NOW_MS)  # it says so three times
    assert join.output.done == ["told lost 0", "lost", "hello"]


def test_badges_do_not_ask_in_step():
    dues = [searching(seed).next_timeout_ms() for seed in range(1, 21)]
    assert len(set(dues)) > 10


def test_one_attempt_has_one_nonce_and_the_next_another():
    join = searching()
    for _ in range(3):
        join.handle_timeout(join.next_timeout_ms())
    assert len(set(join.output.nonces)) == 1
    first = join.nonce
    assert join.on_welcome(first, 7, 1234, 1, NOW_MS)
    join.on_forgotten(NOW_MS)
    assert join.nonce not in (0, first)


def test_what_a_welcome_brings():
    join = joined(term=5)
    assert (join.node, join.session, join.term) == (7, 1234, 5)


def test_the_welcome_of_another_attempt_is_refused():
    join = searching()
    assert not join.on_welcome(join.nonce + 1, 7, 1234, 1, NOW_MS)
    assert not join.on_welcome(0, 7, 1234, 1, NOW_MS)
    assert join.state == SEARCHING


def test_the_welcome_of_an_older_term_is_refused():
    join = joined(term=5)
    join.on_forgotten(NOW_MS)
    assert not join.on_welcome(join.nonce, 7, 1234, 4, NOW_MS)
    assert join.on_welcome(join.nonce, 7, 1234, 5, NOW_MS)


def test_a_repeated_welcome_changes_nothing():
    join = joined()
    assert join.on_welcome(join.nonce, 7, 1234, 1, NOW_MS)
    assert not join.on_welcome(join.nonce, 8, 999, 1, NOW_MS)
    assert (join.node, join.session) == (7, 1234)
    assert join.output.done == []


def test_heartbeats_are_regular_after_a_random_start():
    join = joined()
    first_ms = join.next_timeout_ms() - NOW_MS
    assert HEARTBEAT_MS // 2 <= first_ms < HEARTBEAT_MS
    now_ms = NOW_MS + first_ms
    for _ in range(10):
        join.handle_timeout(now_ms)
        join.on_leader_heard(now_ms + 20)
        assert join.next_timeout_ms() == now_ms + HEARTBEAT_MS
        now_ms += HEARTBEAT_MS
    assert join.output.done == ["heartbeat"] * 10


def test_each_second_heartbeat_is_left_out_while_the_leader_is_heard_by_multicast():
    join = joined()
    now_ms = join.next_timeout_ms()
    join.handle_timeout(now_ms)
    join.leave_beat_out(now_ms + 10)  # no answer yet: that one counts
    assert join.next_timeout_ms() == now_ms + PROBE_MS
    join.on_leader_heard(now_ms + 20)
    for at_ms, due_ms in ((30, 2000), (900, 2000), (1900, 2000)):
        join.leave_beat_out(now_ms + at_ms)
        assert join.next_timeout_ms() == now_ms + due_ms
    join.handle_timeout(now_ms + 2000)
    join.on_leader_heard(now_ms + 2020)
    assert join.next_timeout_ms() == now_ms + 3000  # nothing more comes
    assert join.output.done == ["heartbeat"] * 2


def test_who_hears_multicast_before_its_first_heartbeat_sends_it_all_the_same():
    """Whatever its clock shows; the leader forgets after five seconds who says nothing."""
    for now_ms in (0, 1 << 28, (1 << 29) + 5000, (1 << 30) - 200):
        join = searching(now_ms=now_ms)
        assert join.on_welcome(join.nonce, 7, 1234, 1, now_ms)
        first_ms = join.next_timeout_ms()
        join.leave_beat_out(add(now_ms, 10))
        assert join.next_timeout_ms() == add(first_ms, HEARTBEAT_MS), now_ms
        join.handle_timeout(join.next_timeout_ms())
        assert join.output.done[-1] == "heartbeat", now_ms


def test_badges_that_miss_the_same_probe_do_not_ask_in_step():
    """Probes come once a second, but for one that an access point holds."""
    begun = set()
    for seed in range(10):
        join = joined(seed)
        begun_ms = join.next_timeout_ms()
        begun.add(begun_ms)
        beats = []
        for probe_ms in (2000, 3400, 4000, 5000, 6000):
            while since(NOW_MS + probe_ms, join.next_timeout_ms()) > 0:
                now_ms = join.next_timeout_ms()
                join.handle_timeout(now_ms)
                join.on_leader_heard(now_ms + 5)
                beats.append(since(now_ms, begun_ms))
            join.leave_beat_out(NOW_MS + probe_ms)
        assert 3 <= len(beats) <= 4
        assert not [each for each in beats if each % HEARTBEAT_MS]
    assert len(begun) > 8


def test_who_is_not_answered_loses_its_leader_whatever_comes_by_multicast():
    join = joined()
    now_ms = join.next_timeout_ms()
    for at_ms in range(now_ms, now_ms + LEADER_LOST_MS + PROBE_MS, 20):
        join.handle_timeout(at_ms)
        join.leave_beat_out(at_ms)
    assert join.state == SEARCHING


def test_an_unanswered_heartbeat_is_repeated_to_standbys_too():
    join = joined()
    now_ms = join.next_timeout_ms()
    for _ in range(3):
        join.handle_timeout(now_ms)
        assert join.next_timeout_ms() == now_ms + PROBE_MS
        now_ms += PROBE_MS
    assert join.output.done == ["heartbeat", "probe 1", "heartbeat", "probe 2", "heartbeat"]
    join.on_leader_heard(now_ms)
    join.handle_timeout(join.next_timeout_ms())
    assert join.output.done[5:] == ["heartbeat"]


def test_only_a_higher_term_moves_a_member():
    join = joined(term=5)
    for term, is_obeyed in ((4, False), (5, False), (6, True), (6, False), (5, False)):
        assert join.on_announced(term, NOW_MS) == is_obeyed
    assert (join.term, join.session, join.node) == (6, 1234, 7)
    assert not searching().on_announced(9, NOW_MS)


def test_any_word_of_the_leader_keeps_it_alive():
    join = joined()
    join.on_leader_heard(NOW_MS + LEADER_LOST_MS - 1)
    join.handle_timeout(NOW_MS + 2 * LEADER_LOST_MS - 2)
    assert join.state == JOINED
    join.handle_timeout(NOW_MS + 2 * LEADER_LOST_MS - 1)
    assert join.state == SEARCHING


def test_a_lost_leader_leaves_nothing_behind():
    join = joined()
    join.on_forgotten(NOW_MS)
    assert (join.node, join.session) == (0, 0)
    assert join.next_timeout_ms() - NOW_MS < HELLO_RETRY_MS
