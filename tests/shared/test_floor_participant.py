"""A badge's side of the floor: every rule by name, every pair without a rule, and what is stale."""

from ptt.badge import floor as participant
from ptt.badge.floor import RULES, STATES, TRIGGERS, FloorParticipant
from ptt.base import events
from ptt.base.numbers import (
    QUEUE_KEEPALIVE_MS,
    REQUEST_RETRY_MS,
    REQUEST_TRIES_MAX,
    TALK_WARNING_MS,
)
from ptt.wire.messages import LANE_EMERGENCY, LANE_PRIORITY, REVOCATION_PREEMPTED

NOW_MS = 5000
REQUEST = 4  # of the press that is under way
LEASE = 50  # of the burst that is under way
NEXT = 51
OWN = 3
OTHER = 9

# state, trigger, next state, what is done outside; "told" is the event for the person
EXPECTED = """
no permission    | press       | pending request | told pending, request
no permission    | grant       | pending release | release
no permission    | preempt     | queued          | discard, told queued
pending request  | grant       | has permission  | told granted, begin
pending request  | queue       | queued          | discard, told queued
pending request  | deny        | no permission   | told denied, discard
pending request  | release     | let go          |
pending request  | timeout     | pending request | request
pending request  | give up     | no permission   | told denied, discard
pending request  | leader lost | no permission   | told denied, discard
pending request  | new leader  | pending request | request
let go           | new leader  | let go          | request
queued           | new leader  | queued          | request
pending release  | new leader  | pending release | release
let go           | grant       | finishing       | told granted, begin
let go           | queue       | pending release | release
let go           | deny        | no permission   | told denied, discard
let go           | press       | pending request |
let go           | timeout     | let go          | request
let go           | give up     | no permission   | told denied, discard
let go           | leader lost | no permission   | told denied, discard
queued           | grant       | has permission  | told granted, begin
queued           | queue       | queued          | told queued
queued           | deny        | no permission   | told denied, discard
queued           | release     | pending release | release
queued           | timeout     | queued          | request
queued           | leader lost | no permission   | told denied, discard
has permission   | release     | finishing       |
has permission   | revoke      | no permission   | told revoked, discard
has permission   | moved on    | no permission   | told revoked, discard
has permission   | leader lost | no permission   | told denied, discard
has permission   | preempt     | queued          | told revoked, discard, told queued
finishing        | preempt     | pending release | told revoked, discard, release
pending release  | preempt     | pending release | release
finishing        | press       | has permission  |
finishing        | drained     | pending release | release
finishing        | revoke      | no permission   | told revoked, discard
finishing        | moved on    | no permission   | told revoked, discard
finishing        | leader lost | no permission   | told denied, discard
pending release  | moved on    | no permission   | told released, discard
pending release  | deny        | no permission   | told released, discard
pending release  | revoke      | no permission   | told released, discard
pending release  | grant       | pending release | release
pending release  | press       | pending request | told pending, request
pending release  | timeout     | pending release | release
pending release  | give up     | no permission   | told released, discard
pending release  | leader lost | no permission   | told released, discard
"""


class Output:
    """Remembers what the floor asked for."""

    def __init__(self):
        self.done = []
        self.values = []

    def note(self, what, value=None):
        self.done.append(what)
        self.values.append(value)

    def send_request(self, request, now_ms):
        self.note("request", request)

    def send_release(self, request, lease, now_ms):
        self.note("release", (request, lease))

    def burst_begins(self, lease, now_ms):
        self.note("begin", lease)

    def burst_discarded(self):
        self.note("discard")

    def tell(self, kind, value):
        if kind not in (events.TAKEN, events.IDLE):  # news about others, see below
            self.note("told " + events.NAMES[kind], value)


class Floor(FloorParticipant):
    def __init__(self):
        self.output = Output()
        super().__init__(self.output)


def expected_rows():
    """(state, trigger, next state, what is done) of each line."""
    for line in EXPECTED.strip().split("\n"):
        yield tuple([part.strip() for part in line.split("|")])


def at(state):
    """A floor in `state`, as it would be in the midst of a press."""
    floor = Floor()
    floor.state = STATES.index(state)
    floor.request = REQUEST
    floor._due_ms = NOW_MS
    floor._retry_ms = REQUEST_RETRY_MS
    floor._tries = 1
    if state == "queued":
        floor.position = 1
    if state in ("has permission", "finishing", "pending release"):
        floor.lease = LEASE
        floor.seen_lease = LEASE
    return floor


def happen(floor, trigger):
    """Let `trigger` happen as it would in a badge."""
    if trigger == "press":
        floor.press(NOW_MS)
    elif trigger == "release":
        floor.release(NOW_MS)
    elif trigger == "grant":
        floor.on_grant(REQUEST, LEASE, NOW_MS)
    elif trigger == "queue":
        if floor.may_send():  # there a place in the queue means something else
            floor._fire(TRIGGERS.index(trigger), 2, NOW_MS)
        else:
            floor.on_queued(REQUEST, 2, NOW_MS)
    elif trigger == "preempt":
        floor.on_revoked(LEASE, REVOCATION_PREEMPTED, NOW_MS)
        if floor.state == participant.NO_PERMISSION:
            floor._fire(TRIGGERS.index(trigger), 1, NOW_MS)
    elif trigger == "deny":
        floor.on_denied(REQUEST, 1, NOW_MS)
    elif trigger == "revoke":
        floor.on_revoked(LEASE, 1, NOW_MS)
    elif trigger == "moved on":
        floor.on_floor(NEXT, OTHER, OWN, NOW_MS)
    elif trigger == "timeout":
        floor.handle_timeout(NOW_MS)
    elif trigger == "give up":
        floor._tries = REQUEST_TRIES_MAX
        floor.handle_timeout(NOW_MS)
    elif trigger == "new leader":
        floor.on_new_leader(NOW_MS)
    elif trigger == "drained":
        floor.drained(NOW_MS)
    else:
        assert trigger == "leader lost"
        floor.on_leader_lost(NOW_MS)


def test_the_table_has_the_expected_rows():
    rows = [(STATES[row[0]], TRIGGERS[row[1]], STATES[row[2]]) for row in RULES]
    assert sorted(rows) == sorted([row[0:3] for row in expected_rows()])


def test_every_rule_by_what_makes_it_happen():
    for state, trigger, next_state, done in expected_rows():
        floor = at(state)
        happen(floor, trigger)
        name = "%s + %s" % (state, trigger)
        assert STATES[floor.state] == next_state, name
        assert ", ".join(floor.output.done) == done, name


def test_every_pair_without_a_rule_changes_nothing():
    ruled = [row[0:2] for row in expected_rows()]
    count = 0
    for state in STATES:
        for trigger in TRIGGERS:
            if (state, trigger) in ruled or (state, trigger) == ("queued", "give up"):
                continue  # nobody in a queue gives up: it keeps its place instead
            count += 1
            for fire in (happen, fire_alone):
                floor = at(state)
                fire(floor, trigger)
                assert STATES[floor.state] == state, (state, trigger)
                assert floor.output.done == [], (state, trigger)
                assert floor.lease == at(state).lease
    assert count == len(STATES) * len(TRIGGERS) - len(ruled) - 1


def fire_alone(floor, trigger):
    floor._fire(TRIGGERS.index(trigger), 1, NOW_MS)


def test_a_queued_badge_never_gives_up():
    floor = at("queued")
    happen(floor, "give up")
    assert STATES[floor.state] == "queued"
    assert floor.output.done == ["request"]


def test_every_state_and_trigger_is_named():
    assert len(STATES) == 1 + max([row[0] for row in RULES])
    assert len(TRIGGERS) == 1 + max([row[1] for row in RULES])


def test_reasons_of_denials_that_the_badge_decides_itself():
    for trigger, reason in (
        ("give up", participant.DENIED_NO_ANSWER),
        ("leader lost", participant.DENIED_NO_LEADER),
        ("deny", 1),
    ):
        floor = at("pending request")
        happen(floor, trigger)
        assert floor.output.values[0] == reason


def test_requests_count_up_and_wrap():
    floor = at("no permission")
    floor.request = 0xFFFF
    floor.press(NOW_MS)
    assert floor.request == 0
    assert floor.output.values[-1] == 0


def test_a_cancelled_place_is_released_without_a_lease():
    floor = at("queued")
    floor.release(NOW_MS)
    assert floor.output.values == [(REQUEST, 0)]


def test_a_grant_that_nobody_wants_any_more_is_given_back():
    floor = at("no permission")
    floor.on_grant(REQUEST, LEASE, NOW_MS)
    assert floor.output.values == [(REQUEST, LEASE)]


def test_repeats_come_ever_slower_and_end():
    floor = at("no permission")
    floor.press(NOW_MS)
    waits = []
    now_ms = NOW_MS
    while floor.next_timeout_ms() >= 0:
        waits.append(floor.next_timeout_ms() - now_ms)
        now_ms = floor.next_timeout_ms()
        floor.handle_timeout(now_ms - 1)
        floor.handle_timeout(now_ms)
    assert waits == [60, 120, 240, 480, 480, 480, 480, 480]
    assert floor.output.done.count("request") == REQUEST_TRIES_MAX
    assert floor.output.done[-2:] == ["told denied", "discard"]


def test_a_place_is_kept_however_often_it_moves():
    """Each move came before the next keep-alive was due and put it off, for ever."""
    floor = at("pending request")
    for position in range(20, 0, -1):
        floor.on_queued(REQUEST, position, NOW_MS + 100 * (20 - position))
    assert floor.next_timeout_ms() == NOW_MS + QUEUE_KEEPALIVE_MS


def test_the_same_place_again_is_no_news():
    floor = at("queued")
    assert floor.on_queued(REQUEST, 1, NOW_MS)
    assert floor.output.done == []


def test_what_is_kept_is_discarded_once_when_queued():
    floor = at("pending request")
    floor.on_queued(REQUEST, 2, NOW_MS)
    floor.on_queued(REQUEST, 1, NOW_MS)
    assert floor.output.done.count("discard") == 1


def pressed_and_granted(talk_ms=0):
    floor = at("no permission")
    floor.press(NOW_MS)
    assert floor.on_grant(floor.request, LEASE, NOW_MS, talk_ms)
    floor.output.done.clear()
    return floor


def test_who_is_preempted_waits_and_is_granted_again_by_itself():
    floor = pressed_and_granted()
    assert floor.on_revoked(LEASE, REVOCATION_PREEMPTED, NOW_MS)
    assert floor.output.done == ["told revoked", "discard", "told queued"]
    assert not floor.on_grant(floor.request, LEASE, NOW_MS)  # an echo of the burst before
    assert floor.on_grant(floor.request, NEXT, NOW_MS)
    assert floor.may_send()


def test_a_lost_revocation_is_made_up_for_by_the_place_in_the_queue():
    floor = pressed_and_granted()
    assert floor.on_queued(floor.request, 1, NOW_MS)
    assert STATES[floor.state] == "queued"
    assert floor.output.done == ["told revoked", "discard", "told queued"]


def test_a_place_in_the_queue_that_comes_behind_the_next_talker():
    for is_down, state in ((True, "queued"), (False, "no permission")):
        floor = pressed_and_granted()
        floor.on_floor(NEXT, OTHER, OWN, NOW_MS)
        assert STATES[floor.state] == "no permission"
        if not is_down:
            floor.release(NOW_MS)
        floor.on_queued(floor.request, 1, NOW_MS)
        assert STATES[floor.state] == state


def test_a_second_press_in_a_higher_lane_is_told_at_once():
    for granted in (False, True):
        floor = pressed_and_granted() if granted else at("no permission")
        floor.press(NOW_MS)
        assert floor.lane == 0
        floor.output.done.clear()
        floor.press(NOW_MS, LANE_EMERGENCY)
        assert floor.lane == LANE_EMERGENCY
        assert floor.output.done == ["request"]
        floor.press(NOW_MS, LANE_PRIORITY)
        assert floor.lane == LANE_EMERGENCY


def test_a_warning_comes_once_before_the_talk_limit():
    floor = pressed_and_granted(60000)
    due_ms = NOW_MS + 60000 - TALK_WARNING_MS
    assert floor.next_timeout_ms() == due_ms
    floor.handle_timeout(due_ms - 1)
    assert floor.output.done == []
    floor.handle_timeout(due_ms)
    floor.handle_timeout(due_ms)
    assert floor.output.done == ["told talk_warning"]
    assert floor.output.values[-1] == TALK_WARNING_MS // 1000
    assert floor.next_timeout_ms() == -1


def test_a_repeated_grant_does_not_put_off_the_warning():
    floor = pressed_and_granted(60000)
    due_ms = floor.next_timeout_ms()
    floor.on_grant(floor.request, LEASE, NOW_MS + 5000, 60000)
    assert floor.next_timeout_ms() == due_ms


def test_who_has_let_go_is_not_warned():
    floor = pressed_and_granted(6000)
    floor.release(NOW_MS)
    assert floor.next_timeout_ms() == -1
    floor.handle_timeout(NOW_MS + 5000)
    assert floor.output.done == []
