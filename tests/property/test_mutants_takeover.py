"""Faults of the takeover that its tests must notice: each mutant makes the named test fail."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from tests.shared import (
    test_join,
    test_journal,
    test_venue_failover,
    test_venue_hosts,
    test_venue_takeover,
)
from tests.sim.mutants import replaced

from ptt.badge.join import JOINED, Join
from ptt.badge.session import Session
from ptt.cluster.journal import Journal
from ptt.cluster.replica import Replica
from ptt.host import Host
from ptt.leader import leader as leader_module
from ptt.leader import takeover
from ptt.leader.floor.arbitrator import Arbitrator
from ptt.leader.leader import Leader
from ptt.link.link import Link


def lease_off_by_one() -> Any:
    """The new leader counts on from one below the newest."""
    original = takeover.counters_of

    def counters_of(state: Any, term: int) -> list[int]:
        counters = original(state, term)
        return [max(0, counters[0] - 4096 - 1), *counters[1:]]

    return replaced(leader_module.takeover, "counters_of", counters_of)  # pyright: ignore


def leases_counted_anew() -> Any:
    """It begins at 0 again, below what badges have seen."""

    def counters_of(state: Any, term: int) -> list[int]:
        return [0, 2, 0, 0]

    return replaced(leader_module.takeover, "counters_of", counters_of)  # pyright: ignore


def queue_order_lost() -> Any:
    original = takeover.restore_floor

    def restore(floor: Any, record: Any, nodes: Any, now_ms: int) -> None:
        record.queue.reverse()
        original(floor, record, nodes, now_ms)

    return replaced(leader_module.takeover, "restore_floor", restore)  # pyright: ignore


def no_fencing_at_the_badge() -> Any:
    """It obeys whoever speaks under its session."""
    receive, is_sealed_by = Session.receive, Link.is_sealed_by

    def receive_all(self: Session, data: Any, source: Any, now_ms: int) -> int:
        if self._owner.join.state == JOINED:
            self._owner.link.address = source
        return receive(self, data, source, now_ms)

    def is_believed(self: Link, *rest: Any) -> bool:
        return not self._is_leader or is_sealed_by(self, *rest)

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Session, "receive", receive_all))
    stack.enter_context(replaced(Link, "is_sealed_by", is_believed))
    return stack


def any_term_is_obeyed() -> Any:
    original = Join.on_announced

    def on_announced(self: Join, term: int, now_ms: int) -> bool:
        if term <= self.term:
            self.term = term - 1
        return original(self, term, now_ms)

    return replaced(Join, "on_announced", on_announced)


def no_fencing_at_the_leader() -> Any:
    """The host that lost the election goes on."""
    return replaced(Host, "_stop", lambda self, now_ms: None)


def term_forgotten() -> Any:
    """The new leader speaks in the term of the old one."""
    original = Host._lead

    def lead(self: Host, term: int, now_ms: int) -> None:
        state = self.replica.state
        original(self, state.term if state is not None else term, now_ms)

    return replaced(Host, "_lead", lead)


def claims_cut_others_off() -> Any:
    original = Arbitrator.claim

    def claim(self: Arbitrator, node: int, lease: int, now_ms: int) -> bool:
        self._is_heard = False
        return original(self, node, lease, now_ms)

    return replaced(Arbitrator, "claim", claim)


def claims_are_refused() -> Any:
    return replaced(Arbitrator, "claim", lambda self, node, lease, now_ms: False)


def standbys_hear_of_it_later() -> Any:
    """The journal waits for a timer."""
    return replaced(Journal, "flush", lambda self, now_ms: None)


def half_a_snapshot_counts() -> Any:
    original = Replica.receive

    def receive(self: Replica, data: Any, now_ms: int) -> bytes | None:
        answer = original(self, data, now_ms)
        self.state = self._coming
        return answer

    return replaced(Replica, "receive", receive)


def only_the_talker_is_told() -> Any:
    """The others have to notice by themselves."""
    original = Leader._announce

    def announce(self: Leader, node: int, now_ms: int) -> None:
        if any(floor.holder == node for floor in self.floors.values()):
            original(self, node, now_ms)

    return replaced(Leader, "_announce", announce)


def talk_time_begins_anew() -> Any:
    original = takeover.floor_of

    def floor_of(state: Any, group: int, now_ms: int) -> Any:
        record = original(state, group, now_ms)
        record.left_ms = record.granted_ms
        return record

    return replaced(leader_module.takeover, "floor_of", floor_of)  # pyright: ignore


CAUGHT_BY = {
    lease_off_by_one: test_venue_failover.test_leases_go_on_above_what_went_unheard_of,
    leases_counted_anew: test_venue_failover.test_leases_go_on_above_what_went_unheard_of,
    queue_order_lost: test_venue_failover.test_the_queue_keeps_its_order_and_its_lanes,
    no_fencing_at_the_badge: test_venue_takeover.test_the_old_leader_is_not_obeyed_any_more,
    any_term_is_obeyed: test_join.test_only_a_higher_term_moves_a_member,
    no_fencing_at_the_leader: test_venue_hosts.test_a_leader_that_stood_still_demotes_itself,
    term_forgotten: test_venue_hosts.test_a_killed_leader_is_followed_by_its_standby,
    claims_cut_others_off: test_venue_failover.test_nobody_is_cut_off_by_a_claim,
    claims_are_refused: test_venue_failover.test_a_grant_that_no_standby_heard_of_is_adopted,
    standbys_hear_of_it_later: test_venue_failover.test_the_same_burst_goes_on,
    half_a_snapshot_counts: test_journal.test_half_a_snapshot_is_no_state,
    only_the_talker_is_told: test_venue_takeover.test_settings_texts_and_groups_go_on,
    talk_time_begins_anew: test_venue_takeover.test_the_talk_limit_counts_what_was_talked_before,
}


@pytest.mark.parametrize("mutant", CAUGHT_BY, ids=lambda mutant: mutant.__name__)
def test_a_planted_fault_is_caught(mutant: Callable[[], Any]) -> None:
    with mutant(), pytest.raises((AssertionError, IndexError, KeyError, ValueError)):
        CAUGHT_BY[mutant]()
