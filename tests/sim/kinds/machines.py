"""Bugs that machines bring to light which crash, start again or oversleep."""

from __future__ import annotations

from typing import Any

from tests.sim.kinds.bug import Bug, of
from tests.sim.kinds.deafness import admission, badge_deafened_by, leader_deafened_by
from tests.sim.mutants import replaced

from ptt.badge.join import JOINED, Join


@of("crashed")
def a_start_within_a_second() -> Any:
    """a badge that starts anew within half a second jams the leader"""
    return admission(lambda member, source, silent_ms: member.address == source and silent_ms < 600)


@of("heap exhausted")
def a_start_after_a_second() -> Any:
    """a badge that starts anew after one or two seconds jams the leader"""
    return admission(
        lambda member, source, silent_ms: member.address == source and 1000 <= silent_ms < 2000
    )


@of("twin came")
def the_same_device_elsewhere() -> Any:
    """a device that proves its key at another address while it is heard jams the leader"""
    return admission(
        lambda member, source, silent_ms: member.address != source and silent_ms < 1000
    )


@of("host crashed")
def a_newer_leader_is_not_followed() -> Any:
    """a badge that knows no standby never joins a leader of a higher term"""
    original = Join.on_welcome
    bug = Bug()

    def on_welcome(self: Join, nonce: int, node: int, session: int, term: int, now_ms: int) -> bool:
        is_met = 0 < self.term < term and not self._output.standbys  # type: ignore[attr-defined]
        if bug.strikes(is_met):
            return False
        return original(self, nonce, node, session, term, now_ms)

    return replaced(Join, "on_welcome", on_welcome)


@of("host paused")
def a_leader_that_overslept() -> Any:
    """a leader that is woken too late, with mail that waits, goes deaf"""
    return leader_deafened_by(lambda leader, came: came.late_ms > 300)


@of("paused")
def a_badge_that_overslept() -> Any:
    """a badge that is woken too late, with mail that waits, goes deaf"""
    return badge_deafened_by(lambda badge, came: badge.join.state == JOINED and came.late_ms > 300)
