"""The leader's side of the floor: every rule by name, and every pair without a rule."""

from tests.shared.floor_stage import NOW_MS, idle, taken

from ptt.base.clock import NEVER
from ptt.base.defaults import TALK_MS
from ptt.base.numbers import GRANT_REPEAT_MS, LEASE_MS, TAIL_GRACE_MS
from ptt.leader.floor.arbitrator import RULES, STATES, TRIGGERS
from ptt.leader.settings_in_force import Settings
from ptt.wire.messages import DENIAL_STALE, LANE_EMERGENCY

HOLDER = 2
OTHER = 3

# state, trigger, next state, what all are told
EXPECTED = """
floor idle  | request               | floor taken | grant 3 r7 l1, taken l1 by 3
floor idle  | burst of the term before | floor taken | taken l1 by 3
floor taken | burst of the term before | floor taken | freed 2 l1: 0, taken l2 by 3
floor taken | request of the holder | floor taken | grant 2 r1 l1
floor taken | request of another    | floor taken | queued 3 r7 at 1
floor taken | emergency of another  | floor taken | revoked 2 l1: 3, freed 2 l1: 3, \
grant 3 r7 l2, taken l2 by 3, queued 2 r1 at 1
floor taken | group closed          | floor idle  | revoked 2 l1: 4, freed 2 l1: 4
floor taken | grant unheard         | floor taken | grant 2 r1 l1
floor taken | release by the holder | floor idle  | freed 2 l1: 0, idle l1
floor taken | lease expired         | floor idle  | revoked 2 l1: 2, freed 2 l1: 2, idle l1
floor taken | talk limit            | floor idle  | revoked 2 l1: 1, freed 2 l1: 1, idle l1
floor taken | holder left           | floor idle  | freed 2 l1: 0, idle l1
"""


def expected_rows():
    for line in EXPECTED.strip().split("\n"):
        yield tuple([part.strip() for part in line.split("|")])


def happen(floor, trigger):
    """Let `trigger` happen as it would at a leader."""
    if trigger in ("request", "request of another"):
        floor.on_request(OTHER, 7, NOW_MS)
    elif trigger == "request of the holder":
        floor.on_request(HOLDER, 1, NOW_MS)
    elif trigger == "release by the holder":
        floor.on_release(HOLDER, 1, NOW_MS)
    elif trigger == "emergency of another":
        floor.on_request(OTHER, 7, NOW_MS, LANE_EMERGENCY)
    elif trigger == "group closed":
        floor.close(NOW_MS)
    elif trigger == "burst of the term before":
        floor.claim(OTHER, floor.lease + 1, NOW_MS)
    elif trigger == "grant unheard":
        floor.handle_timeout(NOW_MS + GRANT_REPEAT_MS)
    elif trigger == "lease expired":
        floor.handle_timeout(NOW_MS + LEASE_MS)
    elif trigger == "talk limit":
        floor.handle_timeout(NOW_MS + TALK_MS)
    else:
        assert trigger == "holder left"
        floor.on_member_left(HOLDER, NOW_MS)


def at(state):
    return idle() if state == "floor idle" else taken(HOLDER)


def test_the_table_has_the_expected_rows():
    rows = [(STATES[row[0]], TRIGGERS[row[1]], STATES[row[2]]) for row in RULES]
    assert sorted(rows) == sorted([row[0:3] for row in expected_rows()])


def test_every_rule_by_what_makes_it_happen():
    for state, trigger, next_state, said in expected_rows():
        floor = at(state)
        happen(floor, trigger)
        name = "%s + %s" % (state, trigger)
        assert STATES[floor.state] == next_state, name
        assert ", ".join(floor.output.said) == said, name


def test_every_pair_without_a_rule_changes_nothing():
    ruled = [row[0:2] for row in expected_rows()]
    for state in STATES:
        for trigger in TRIGGERS:
            if (state, trigger) not in ruled:
                floor = at(state)
                holder, lease = floor.holder, floor.lease
                floor._fire(TRIGGERS.index(trigger), OTHER, 7, NOW_MS)
                assert STATES[floor.state] == state, trigger
                assert (floor.holder, floor.lease, floor.queue) == (holder, lease, [])
                assert floor.output.said == []


def test_nothing_happens_at_an_idle_floor():
    floor = idle()
    floor.on_member_left(HOLDER, NOW_MS)
    floor.handle_timeout(NOW_MS + TALK_MS)
    assert floor.output.said == []
    assert floor.next_timeout_ms() == NEVER


def test_leases_go_up():
    floor = idle()
    for lease in (1, 2, 3):
        floor.on_request(HOLDER, lease, NOW_MS)
        assert floor.lease == lease
        floor.on_release(HOLDER, lease, NOW_MS)


def test_a_grant_is_repeated_until_voice_comes():
    floor = taken(HOLDER)
    assert floor.next_timeout_ms() == NOW_MS + GRANT_REPEAT_MS
    floor.handle_timeout(NOW_MS + GRANT_REPEAT_MS - 1)
    assert floor.output.said == []
    for turn in (1, 2, 3):
        floor.handle_timeout(NOW_MS + turn * GRANT_REPEAT_MS)
        assert floor.output.said == ["grant 2 r1 l1"] * turn
    assert floor.on_voice(HOLDER, 1, NOW_MS + 350)
    assert floor.next_timeout_ms() == NOW_MS + 350 + LEASE_MS
    floor.handle_timeout(NOW_MS + 1000)
    assert len(floor.output.said) == 3


def test_voice_renews_the_lease():
    floor = taken(HOLDER)
    for turn in range(1, 10):
        assert floor.on_voice(HOLDER, 1, NOW_MS + turn * (LEASE_MS - 1))
        floor.handle_timeout(NOW_MS + turn * (LEASE_MS - 1))
    assert floor.holder == HOLDER
    floor.handle_timeout(NOW_MS + 9 * (LEASE_MS - 1) + LEASE_MS)
    assert floor.holder == 0


def test_nobody_talks_longer_than_allowed():
    floor = taken(HOLDER)
    for now_ms in range(NOW_MS, NOW_MS + TALK_MS, 1000):
        floor.on_voice(HOLDER, 1, now_ms)
        floor.handle_timeout(now_ms)
    assert floor.holder == HOLDER
    floor.handle_timeout(NOW_MS + TALK_MS)
    assert floor.output.said[-3] == "revoked 2 l1: 1"


def test_a_claimed_burst_is_as_long_as_the_venue_says():
    floor = idle()
    floor.obey(Settings(talk_ms=2000))
    floor.claim(OTHER, 1, NOW_MS)
    floor.on_voice(OTHER, 1, NOW_MS + 1900)
    floor.handle_timeout(NOW_MS + 1999)
    assert floor.holder == OTHER
    floor.handle_timeout(NOW_MS + 2000)
    assert floor.holder == 0


def test_whose_floor_is_claimed_does_not_get_it_back_by_a_late_copy_of_its_request():
    floor = taken(HOLDER)
    floor.claim(OTHER, 2, NOW_MS)
    floor.output.said.clear()
    floor.on_request(HOLDER, 1, NOW_MS)
    assert floor.output.said == ["denied 2 r1 reason %d" % DENIAL_STALE]


def test_voice_that_is_not_passed_on():
    floor = taken(HOLDER)
    assert not floor.on_voice(OTHER, 1, NOW_MS)
    assert not floor.on_voice(HOLDER, 0, NOW_MS)
    assert not floor.on_voice(HOLDER, 2, NOW_MS)
    assert not idle().on_voice(HOLDER, 1, NOW_MS)


def test_voice_overtaken_by_its_own_release():
    floor = taken(HOLDER)
    floor.on_release(HOLDER, 1, NOW_MS)
    assert floor.on_voice(HOLDER, 1, NOW_MS + TAIL_GRACE_MS)
    assert not floor.on_voice(HOLDER, 1, NOW_MS + TAIL_GRACE_MS + 1)
    assert not floor.on_voice(OTHER, 1, NOW_MS)


def test_nothing_follows_a_revocation():
    floor = taken(HOLDER)
    floor.handle_timeout(NOW_MS + LEASE_MS)
    assert not floor.on_voice(HOLDER, 1, NOW_MS + LEASE_MS)


def test_across_the_wrap_of_the_clock():
    start_ms = 0x40000000 - 50
    floor = taken(HOLDER, now_ms=start_ms)
    assert floor.next_timeout_ms() == 50
    floor.handle_timeout(0x40000000 - 1)
    floor.handle_timeout(49)
    assert floor.output.said == []
    floor.handle_timeout(50)
    assert floor.output.said == ["grant 2 r1 l1"]
    floor.handle_timeout(LEASE_MS - 51)
    assert floor.holder == HOLDER
    floor.handle_timeout(LEASE_MS - 50)
    assert floor.holder == 0


def test_a_fault_while_the_floor_is_given_back_leaves_it_usable():
    """Whatever fails in what is told then (a log, a recorder), the next press is one like any."""

    def fails(*told):
        raise ValueError("a disk that is full")

    for name in ("freed", "floor_changed", "idle"):
        floor = taken(HOLDER)
        setattr(floor.output, name, fails)
        try:
            floor.on_release(HOLDER, 1, NOW_MS)
        except ValueError:
            pass
        delattr(floor.output, name)
        floor.on_request(HOLDER, 2, NOW_MS)
        assert (floor.holder, floor.request) == (HOLDER, 2), name
        floor.on_request(OTHER, 3, NOW_MS)
        assert [each.node for each in floor.queue] == [OTHER]
