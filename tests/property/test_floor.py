"""An arbitrator and its members' presses in any order; what must be true after each step."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.shared.floor_stage import Output

from ptt.base.clock import add
from ptt.leader.floor.arbitrator import FLOOR_TAKEN, Arbitrator
from ptt.wire.messages import LANE_EMERGENCY

from .driver import STARTS_MS

NODES = st.integers(2, 6)


class FloorOutput(Output):
    """Keeps who was told what about its request, besides the words."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[str, int, int]] = []
        self.preempted = 0

    def grant(self, group: int, node: int, request: int, lease: int, now_ms: int) -> None:
        self.answers.append(("grant", node, request))

    def queued(self, group: int, node: int, request: int, position: int, now_ms: int) -> None:
        self.answers.append(("queued", node, request))

    def denied(self, group: int, node: int, request: int, reason: int, now_ms: int) -> None:
        self.answers.append(("denied", node, request))

    def idle_to(self, group: int, node: int, lease: int, now_ms: int) -> None:
        self.answers.append(("idle", node, 0))

    def revoked(self, group: int, node: int, lease: int, reason: int, now_ms: int) -> None:
        self.preempted = node if reason == 3 else 0


class ArbitratorMachine(RuleBasedStateMachine):
    """Five members; the faults planted by test_mutants_floor.py must not get through it."""

    @initialize(start_ms=st.sampled_from(STARTS_MS))
    def begin(self, start_ms: int) -> None:
        self.output = FloorOutput()
        self.floor = Arbitrator(1, self.output)
        self.now_ms = start_ms
        self.requests = dict.fromkeys(range(2, 7), 0)
        self.newest = 0

    @rule(node=NODES, lane=st.integers(0, 2), is_new=st.booleans())
    def request(self, node: int, lane: int, is_new: bool) -> None:
        floor = self.floor
        self.requests[node] += is_new
        request = self.requests[node]
        before = (floor.holder, floor.lane, floor.request)
        emergencies = [each.node for each in floor.queue if each.lane == LANE_EMERGENCY]
        self.output.answers.clear()
        floor.on_request(node, request, self.now_ms, lane)
        answered = [each[0] for each in self.output.answers if each[1] == node]
        assert answered, "every request is answered"
        if before[0] and before[0] != node and floor.holder != before[0]:
            assert lane == LANE_EMERGENCY > before[1]
            assert floor.holder == node
            ahead = [each.node for each in floor.queue]
            assert ahead.index(before[0]) == len([n for n in emergencies if n != node])
            assert floor.queue[ahead.index(before[0])].request == before[2]

    @rule(node=NODES, is_old=st.booleans())
    def release(self, node: int, is_old: bool) -> None:
        request = self.requests[node] - is_old
        self.floor.on_release(node, request & 0xFFFF, self.now_ms)
        assert not self.floor.knows(node, request & 0xFFFF)

    @rule(node=NODES, offset=st.integers(-1, 1))
    def voice(self, node: int, offset: int) -> None:
        floor = self.floor
        lease = floor.lease + offset
        taken = floor.on_voice(node, lease, self.now_ms)
        if node == floor.holder and lease == floor.lease:
            assert taken
        elif floor.holder and lease == floor.lease:
            assert not taken

    @rule(node=NODES)
    def leave(self, node: int) -> None:
        self.floor.on_member_left(node, self.now_ms)
        assert node != self.floor.holder
        assert self.floor.waiting(node) is None

    @rule(step_ms=st.sampled_from((1, 60, 100, 500, 1000, 2000, 3000, 60000)))
    def wait(self, step_ms: int) -> None:
        self.now_ms = add(self.now_ms, step_ms)
        self.floor.handle_timeout(self.now_ms)
        if step_ms >= 3000:
            assert not self.floor.queue

    @rule()
    def fail_over(self) -> None:
        """Another arbitrator goes on, with the same holder and the same order."""
        old = self.floor
        queue = [(each.order, each.node, each.request, each.lane) for each in old.queue]
        self.floor = Arbitrator(1, self.output)
        burst = (old.holder, old.request, old.begun_ms, old.granted_ms, old.lane)
        self.floor.take_over(old.lease, burst, queue[::-1], self.now_ms)
        assert (self.floor.holder, self.floor.lease) == (old.holder, old.lease)
        assert [each.node for each in self.floor.queue] == [place[1] for place in queue]

    @invariant()
    def one_holder_and_an_order(self) -> None:
        floor = getattr(self, "floor", None)
        if floor is None:
            return
        waiting = [each.node for each in floor.queue]
        assert len(waiting) == len(set(waiting))
        assert floor.holder not in waiting
        assert (floor.holder != 0) == (floor.state == FLOOR_TAKEN)
        assert floor.holder or not waiting
        assert floor.lease >= self.newest
        self.newest = floor.lease
        order = [(-each.lane, each.order) for each in floor.queue]
        assert order == sorted(order)
        assert floor.lane == LANE_EMERGENCY or not any(n == LANE_EMERGENCY for n in lanes(floor))


def lanes(floor: Arbitrator) -> list[int]:
    return [each.lane for each in floor.queue] if floor.holder else []


TestArbitrator = ArbitratorMachine.TestCase
