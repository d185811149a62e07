"""A member has one button: its newest press counts, and ends whatever it asked for before."""

from tests.shared.clear import ClearLeader
from tests.shared.datagrams import datagram, drain
from tests.shared.fixed_roster import FixedRoster

from ptt.leader.roster import ENTITLED_EMERGENCY, Grants
from ptt.wire import messages
from ptt.wire.messages import (
    DENIAL_CALLEE_UNKNOWN,
    DENIAL_NOT_ENTITLED,
    FLOOR_DENIED,
    FLOOR_GRANT,
    FLOOR_REQUEST,
    LANE_EMERGENCY,
    LANE_ROUTINE,
)

NOW_MS = 5000
LATER_MS = NOW_MS + 600  # presses are limited to a few a second
NOBODY = 999


class Stage:
    """A leader with three members: `holder` talks in group 1, and `waiter` waits there with request
    7."""

    def __init__(self, grants=None):
        table = {} if grants is None else {b"device-1": grants}
        both = Grants((1, 2))
        self.leader = ClearLeader(1, 1, roster=FixedRoster(table, both))
        for number in range(3):
            values = (b"device-%d" % number, 7, messages.TABLE_HASH, 2, b"x", b"y", 0)
            self.give(datagram(messages.HELLO, values), number)
        self.holder, self.waiter, self.third = self.leader.members.all()
        self.ask(0, 1, NOW_MS)
        self.ask(1, 7, NOW_MS)
        assert self.waiting() == [(self.waiter.node, 7)]
        drain(self.leader)

    def give(self, data, number, now_ms=NOW_MS):
        self.leader.receive_datagram(data, ("badge", number), now_ms)

    def say(self, number, kind, values, now_ms):
        member = self.leader.members.all()[number]
        self.give(datagram(kind, values, member.session, member.node), number, now_ms)

    def ask(self, number, request, now_ms, lane=LANE_ROUTINE, group=1, callee=0):
        self.say(number, FLOOR_REQUEST, (group, request, lane, callee), now_ms)

    def release(self, now_ms=LATER_MS):
        self.say(0, messages.FLOOR_RELEASE, (1, 1, 1), now_ms)

    def waiting(self, group=1):
        return [(each.node, each.request) for each in self.leader.floors[group].queue]

    def said_to(self, number):
        """Kind, request and reason of what member `number` was answered."""
        sent = drain(self.leader)
        kinds = (FLOOR_DENIED, FLOOR_GRANT)
        mine = [data for data, to in sent if to == ("badge", number) and data[1] in kinds]
        return [
            (data[1], data[25] << 8 | data[26], data[27] if data[1] == FLOOR_DENIED else 0)
            for data in mine
        ]


def test_a_new_press_in_a_lane_that_is_refused_gives_up_the_place():
    stage = Stage()
    stage.ask(1, 8, LATER_MS, LANE_EMERGENCY)
    assert (FLOOR_DENIED, 8, DENIAL_NOT_ENTITLED) in stage.said_to(1)
    assert stage.waiting() == []
    stage.release()
    assert stage.leader.floors[1].holder == 0


def test_nor_does_the_holder_keep_the_floor_for_it():
    stage = Stage()
    stage.ask(0, 2, LATER_MS, LANE_EMERGENCY)
    assert (FLOOR_DENIED, 2, DENIAL_NOT_ENTITLED) in stage.said_to(0)
    assert stage.leader.floors[1].holder == stage.waiter.node


def test_the_same_press_lifted_into_a_lane_that_is_refused_keeps_its_place():
    stage = Stage()
    stage.ask(1, 7, LATER_MS, LANE_EMERGENCY)
    assert stage.waiting() == [(stage.waiter.node, 7)]


def test_who_is_entitled_is_not_refused():
    stage = Stage(Grants((1, 2), ENTITLED_EMERGENCY))
    stage.ask(1, 8, LATER_MS, LANE_EMERGENCY)
    assert stage.leader.floors[1].holder == stage.waiter.node


def test_a_call_that_is_refused_gives_up_the_place():
    stage = Stage()
    stage.ask(1, 8, LATER_MS, group=0, callee=NOBODY)
    assert (FLOOR_DENIED, 8, DENIAL_CALLEE_UNKNOWN) in stage.said_to(1)
    assert stage.waiting() == []


def test_a_refused_call_is_refused_again_when_its_answer_was_lost():
    stage = Stage()
    for _ in range(2):
        stage.ask(1, 8, LATER_MS, group=0, callee=NOBODY)
        assert (FLOOR_DENIED, 8, DENIAL_CALLEE_UNKNOWN) in stage.said_to(1)
    stage.ask(2, 30000, LATER_MS, group=0, callee=NOBODY)  # its first press at all
    stage.ask(2, 30000, LATER_MS, group=0, callee=NOBODY)
    assert stage.said_to(2) == [(FLOOR_DENIED, 30000, DENIAL_CALLEE_UNKNOWN)] * 2


def test_a_press_in_a_group_that_is_not_ones_own_gives_up_the_place():
    stage = Stage()
    stage.ask(1, 8, LATER_MS, group=5)
    assert stage.waiting() == []
    assert stage.said_to(1) == [(FLOOR_DENIED, 7, messages.DENIAL_STALE)]


def test_a_late_copy_of_an_older_press_changes_nothing():
    stage = Stage()
    stage.ask(1, 8, LATER_MS)
    stage.ask(1, 7, LATER_MS)
    assert stage.waiting() == [(stage.waiter.node, 8)]
    stage.release()
    assert (FLOOR_GRANT, 8, 0) in stage.said_to(1)


def test_nor_does_one_of_before_a_refusal():
    stage = Stage()
    stage.ask(2, 3, NOW_MS, LANE_EMERGENCY)
    stage.ask(2, 2, LATER_MS)  # sent before, and overtaken
    assert stage.waiting() == [(stage.waiter.node, 7)]
    stage.ask(2, 4, LATER_MS, group=0, callee=NOBODY)
    stage.ask(2, 3, LATER_MS, group=2)
    assert stage.leader.floors[2].holder == 0


def test_requests_count_on_over_their_end():
    stage = Stage()
    stage.ask(2, 65535, NOW_MS)
    stage.ask(2, 0, LATER_MS)
    stage.ask(2, 65535, LATER_MS)
    assert stage.waiting() == [(stage.waiter.node, 7), (stage.third.node, 0)]
