"""Bugs that datagrams bring to light which are lost, late, doubled or damaged."""

from __future__ import annotations

from typing import Any

from tests.sim.kinds.bug import of
from tests.sim.kinds.came import DAMAGED, Came, apart, is_in_order, pause_of, quiet_of, transit_of
from tests.sim.kinds.deafness import badge_deafened_by, leader_deafened_by

from ptt.badge.participant import Participant
from ptt.base.clock import since
from ptt.leader.leader import Leader
from ptt.wire import envelope, refusal


@of("delay spike")
def a_crowd_of_old_voice() -> Any:
    """a badge goes deaf when five datagrams of different times come in one instant"""

    def sees(badge: Participant, came: Came) -> bool:
        pause_ms, sent_ms = pause_of(came), envelope.timestamp_ms(came.data)
        since_ms = apart(sent_ms, came.memory.get("sent", sent_ms))
        came.memory["sent"] = sent_ms
        is_held_up = is_in_order(came) and pause_ms <= 2 and since_ms >= 15
        return came.count("held up", is_held_up) >= 4

    return badge_deafened_by(sees)


@of("overtaken")
def an_older_one() -> Any:
    """a leader goes deaf when a datagram is good, and older than the one before"""
    return leader_deafened_by(lambda leader, came: is_in_order(came) and came.gap < -1)


@of("duplicate")
def the_same_again() -> Any:
    """a badge goes deaf when a datagram comes twice"""
    return badge_deafened_by(lambda badge, came: came.reason == refusal.REPLAY)


@of("corrupted")
def a_damaged_one_of_a_member() -> Any:
    """a leader goes deaf when a datagram is damaged"""
    return leader_deafened_by(lambda leader, came: came.reason == refusal.CRC)


def _delay_change(came: Came) -> int:
    """How many ms longer or shorter it was on its way than the one before."""
    transit_ms = transit_of(came)
    before_ms = came.memory.get("transit", transit_ms)
    came.memory["transit"] = transit_ms
    return abs(apart(transit_ms, before_ms))


@of("lost: network")
def lone_losses() -> Any:
    """a badge goes deaf when three single datagrams are missing within two seconds"""

    def sees(badge: Participant, came: Came) -> bool:
        is_steady = _delay_change(came) <= 1 and pause_of(came) >= 10
        lost = came.memory.setdefault("lost", [])
        if came.reason in DAMAGED:
            came.memory["damaged"] = came.now_ms
            lost.clear()
        damaged_ms = came.memory.get("damaged")
        if damaged_ms is not None and since(came.now_ms, damaged_ms) <= 2000:
            return False
        if is_in_order(came) and came.gap == 1 and is_steady:
            lost.append(came.now_ms)
        lost[:] = [at_ms for at_ms in lost if since(came.now_ms, at_ms) < 2000]
        return len(lost) >= 3

    return badge_deafened_by(sees)


@of("lost: retries")
def a_loss_and_a_delay() -> Any:
    """a badge goes deaf when two are missing for good, and what comes behind each is late"""

    def sees(badge: Participant, came: Came) -> bool:
        change_ms = _delay_change(came)
        if not is_in_order(came):
            return False
        waited = came.memory.get("waited", -1)
        if came.gap < -1:
            came.memory["waited"] = -1  # it was late, not lost
        elif 2 <= change_ms < 60 and came.gap == 1:
            came.memory["waited"] = 0
        elif waited >= 0:
            came.memory["waited"] = waited + 1
        if waited == 6:
            came.memory["lost"] = came.memory.get("lost", 0) + 1
        return came.memory.get("lost", 0) >= 2

    return badge_deafened_by(sees)


@of("lost: burst")
def a_short_gap() -> Any:
    """a badge goes deaf when 4 to 10 of its leader's datagrams are missing at once"""

    def sees(badge: Participant, came: Came) -> bool:
        change_ms, quiet_ms = _delay_change(came), quiet_of(came)
        is_short = 60 <= quiet_ms < 300 and change_ms <= 1
        return is_short and is_in_order(came) and 4 <= came.gap <= 10

    return badge_deafened_by(sees)


@of("lost: queue")
def a_gap_behind_a_queue() -> Any:
    """a leader goes deaf when a datagram is missing, and a quarter of a second waits before it"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason != refusal.ACCEPTED or not came.highest:
            return False
        transit_ms = transit_of(came)
        least = came.memory.setdefault("least", {})
        if apart(transit_ms, least.setdefault(came.source, transit_ms)) < 0:
            least[came.source] = transit_ms
        is_queued = apart(transit_ms, least[came.source]) > 250
        return came.count("queued", is_queued) >= 5 and came.gap >= 1

    return leader_deafened_by(sees)
