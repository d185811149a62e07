"""Deliberate faults of the arbitrator: the machine of test_floor must notice each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ptt.leader.floor import lanes
from ptt.leader.floor.arbitrator import Arbitrator
from ptt.leader.floor.lanes import Waiting
from ptt.wire.messages import LANE_PRIORITY

from .test_floor import ArbitratorMachine

ENOUGH = settings(
    max_examples=400,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)


def lease_goes_back(patch: Callable[..., None]) -> None:
    """A burst that follows another gets a lower lease."""
    original = Arbitrator._do_grant

    def do_grant(self: Arbitrator, node: int, request: int, lane: int, now_ms: int) -> None:
        original(self, node, request, lane, now_ms)
        self.lease -= 2

    patch(Arbitrator, "_do_grant", do_grant)


def holder_keeps_its_place(patch: Callable[..., None]) -> None:
    """A waiting member that takes the floor in an emergency is still in the queue."""
    patch(Arbitrator, "_place_of", lambda self, node: 0)


def preempted_goes_to_the_end(patch: Callable[..., None]) -> None:
    """An interrupted talker waits behind everybody."""

    def preempted(node: int, request: int, now_ms: int) -> Waiting:
        return Waiting(node, request, 0, 1 << 20, now_ms)

    patch(lanes, "preempted", preempted)


def lanes_are_ignored(patch: Callable[..., None]) -> None:
    """First come, first served, whatever the lane."""
    patch(lanes, "_is_before", lambda a, b: a.order < b.order)


def emergency_waits(patch: Callable[..., None]) -> None:
    """An emergency request is taken for one of priority: after a failover it shows."""
    original = Arbitrator._do_enqueue

    def enqueue(self: Arbitrator, node: int, request: int, lane: int, now_ms: int) -> None:
        original(self, node, request, lane, now_ms)

    def preempt(self: Arbitrator, node: int, request: int, lane: int, now_ms: int) -> None:
        enqueue(self, node, request, lane, now_ms)

    patch(Arbitrator, "_do_preempt", preempt)


def priority_preempts(patch: Callable[..., None]) -> None:
    """The priority lane takes the floor, too."""
    original = Arbitrator.on_request

    def on_request(self: Any, node: int, request: int, now_ms: int, lane: int = 0) -> None:
        if lane == LANE_PRIORITY and self.holder not in (0, node) and not self.lane:
            self._do_preempt(node, request, lane, now_ms)
            return
        original(self, node, request, now_ms, lane)

    patch(Arbitrator, "on_request", on_request)


def release_is_forgotten(patch: Callable[..., None]) -> None:
    """A release leaves the place in the queue."""
    patch(Arbitrator, "_leave_queue", lambda self, place, now_ms: None)


def vanished_wait_for_ever(patch: Callable[..., None]) -> None:
    """A waiting member need not say that it still waits."""
    patch(Arbitrator, "_drop_vanished", lambda self, now_ms: None)


def stranger_renews_the_lease(patch: Callable[..., None]) -> None:
    """Anybody's voice under the right lease is passed on."""
    patch(Arbitrator, "on_voice", lambda self, node, lease, now_ms: lease == self.lease)


def late_request_is_not_answered(patch: Callable[..., None]) -> None:
    """A request that is over gets no answer."""
    patch(Arbitrator, "_answer_ended", lambda self, node, request, now_ms: None)


MUTANTS = (
    lease_goes_back,
    holder_keeps_its_place,
    preempted_goes_to_the_end,
    lanes_are_ignored,
    emergency_waits,
    priority_preempts,
    release_is_forgotten,
    vanished_wait_for_ever,
    stranger_renews_the_lease,
    late_request_is_not_answered,
)


@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_noticed(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch.setattr)
    with pytest.raises((AssertionError, ValueError, RecursionError, BaseExceptionGroup)):
        run_state_machine_as_test(ArbitratorMachine, settings=ENOUGH)


def test_without_a_fault_it_passes() -> None:
    """As in test_floor, which tries more, and here with what finds the faults."""
    run_state_machine_as_test(ArbitratorMachine, settings=settings(ENOUGH, max_examples=25))
