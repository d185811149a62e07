"""Bugs that addresses bring to light which change, and strangers."""

from __future__ import annotations

from typing import Any

from tests.sim.kinds.bug import of
from tests.sim.kinds.came import DAMAGED, Came
from tests.sim.kinds.deafness import badge_deafened_by, leader_deafened_by

from ptt.leader.leader import Leader
from ptt.wire import refusal


@of("other address")
def a_member_elsewhere() -> Any:
    """a leader goes deaf when a member speaks from an address that no member has had"""

    def sees(leader: Leader, came: Came) -> bool:
        known = came.memory.setdefault("known", set())
        known.update(member.address for member in leader.members.all())
        return came.reason == refusal.SOURCE and came.source not in known

    return leader_deafened_by(sees)


@of("addresses swapped")
def a_member_at_anothers_address() -> Any:
    """a leader goes deaf when a member speaks from another member's address"""
    return leader_deafened_by(
        lambda leader, came: (
            came.reason == refusal.SOURCE
            and any(member.address == came.source for member in leader.members.all())
        )
    )


@of("flooded")
def many_that_are_no_datagrams() -> Any:
    """a badge goes deaf after five datagrams in a row that have no form"""
    return badge_deafened_by(
        lambda badge, came: came.count("junk", came.reason in (*DAMAGED, refusal.SHORT)) >= 5
    )
