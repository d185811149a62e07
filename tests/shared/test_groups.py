"""What the button belongs to: every pair of a state and a trigger of the table in
`ptt.badge.groups`."""

from ptt.badge import groups
from ptt.badge.groups import (
    CALL,
    CALL_WAITS,
    CALLING,
    END,
    IN_CALL,
    OPEN,
    OPEN_BUSY,
    PRESS,
    RULES,
    SELECT,
    STATES,
    TALK_GROUP,
    TRIGGERS,
    Groups,
)
from ptt.base.numbers import CALL_GROUP_FIRST

PEER = 7
OWN = 3
OTHER = 4


class Floor:
    """Notes where the button is."""

    def __init__(self):
        self.group = OWN
        self.seen_lease = 5
        self.talker = PEER

    def tune(self, group, lease, talker):
        self.group = group


class Roster:
    """Two talk groups and a private call, all of them ours."""

    selected = OTHER
    call_group = CALL_GROUP_FIRST

    def __init__(self):
        self.kept = []

    def place(self, group):
        return 0

    def lease(self, group):
        return 0

    def talker(self, group):
        return 0

    def on_floor(self, group, lease, talker):
        self.kept.append((group, lease, talker))
        return True


class Owner:
    def __init__(self):
        self.floor = Floor()
        self.scan = Roster()


def in_state(state):
    owner = Owner()
    made = Groups(owner)  # pyright: ignore[reportArgumentType]
    made.state = state
    return made, owner


def where(state):
    """Where the button is in `state`, once it has been turned."""
    return {TALK_GROUP: OTHER, CALLING: 0, IN_CALL: CALL_GROUP_FIRST}[state]


def test_every_rule_does_what_it_says():
    for state, trigger, following, action in RULES:
        made, owner = in_state(state)
        made.fire(trigger, PEER if trigger == CALL else 0)
        assert made.state == following, (STATES[state], TRIGGERS[trigger])
        expected = where(following) if action else OWN
        assert owner.floor.group == expected, (STATES[state], TRIGGERS[trigger])
        assert made.callee == (PEER if following == CALLING else 0)


def test_every_pair_without_a_rule_changes_nothing():
    known = [(rule[0], rule[1]) for rule in RULES]
    for state in range(len(STATES)):
        for trigger in range(len(TRIGGERS)):
            if (state, trigger) not in known:
                made, owner = in_state(state)
                made.fire(trigger, PEER)
                assert made.state == state and owner.floor.group == OWN


def test_a_press_stays_where_it_began():
    made, owner = in_state(TALK_GROUP)
    made.fire(OPEN_BUSY)
    assert (made.state, owner.floor.group) == (CALL_WAITS, OWN)
    made.fire(SELECT)
    assert (made.state, owner.floor.group) == (CALL_WAITS, OWN)
    made.fire(PRESS)
    assert (made.state, owner.floor.group) == (IN_CALL, CALL_GROUP_FIRST)
    made.fire(END)
    assert (made.state, owner.floor.group) == (TALK_GROUP, OTHER)


def test_who_is_called_during_its_own_call_request_is_in_that_call():
    for trigger in (OPEN, OPEN_BUSY):
        made, owner = in_state(TALK_GROUP)
        made.fire(CALL, PEER)
        assert (made.callee, owner.floor.group) == (PEER, 0)
        made.fire(trigger)
        assert (made.callee, owner.floor.group) == (0, CALL_GROUP_FIRST)


def test_the_floor_that_is_left_is_remembered():
    made, owner = in_state(TALK_GROUP)
    made.fire(PRESS)
    assert owner.scan.kept == [(OWN, 5, PEER)]
    made.fire(PRESS)
    assert len(owner.scan.kept) == 1  # it was there already


def test_every_state_and_trigger_is_in_a_rule():
    assert {rule[0] for rule in RULES} == set(range(len(groups.STATES)))
    assert {rule[1] for rule in RULES} == set(range(len(groups.TRIGGERS)))
