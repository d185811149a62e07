"""Bugs that links bring to light which are cut, half open, or roam."""

from __future__ import annotations

import contextlib
from typing import Any

from tests.sim.kinds.bug import Bug, of
from tests.sim.kinds.came import Came, Sees, is_in_order, quiet_of
from tests.sim.kinds.deafness import badge_deafened_by, leader_deafened_by
from tests.sim.mutants import replaced

from ptt.base.clock import age, since
from ptt.leader.leader import Leader
from ptt.wire import envelope, messages, refusal


def _vanishing(sees: Sees) -> Any:
    """A leader whose memory has those devices' addresses that vanished, and when."""
    original = Leader.handle_timeout
    bug = Bug()

    def handle_timeout(self: Leader, now_ms: int) -> None:
        gone = bug.memory(self).setdefault("gone", {})
        for member in self.members.vanished(now_ms):
            gone[member.address] = now_ms
        original(self, now_ms)

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Leader, "handle_timeout", handle_timeout))
    stack.enter_context(leader_deafened_by(sees))
    return stack


def _gone(came: Came) -> int:
    """How many vanished lately."""
    gone = came.memory.get("gone", {})
    return sum(since(came.now_ms, at_ms) <= 10_000 for at_ms in gone.values())


def _is_back(came: Came) -> bool:
    return came.source in came.memory.get("gone", {})


def _says_hello(came: Came) -> bool:
    return len(came.data) > envelope.TYPE_AT and came.kind == messages.HELLO


@of("cut")
def several_come_back() -> Any:
    """a leader goes deaf when two that had vanished, and are no members to themselves, join"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason == refusal.SESSION and _is_back(came):
            came.memory["gone"].pop(came.source)  # it has not noticed
        return _says_hello(came) and _is_back(came) and came.lately("back", came.source, 4000) >= 2

    return _vanishing(sees)


@of("cut, unheard")
def several_do_not_know() -> Any:
    """a leader goes deaf when two speak in their old sessions that it has ended"""

    def sees(leader: Leader, came: Came) -> bool:
        is_unaware = came.reason == refusal.SESSION and _is_back(came)
        return is_unaware and _gone(came) >= 2

    return _vanishing(sees)


@of("half-open link, up")
def one_does_not_know() -> Any:
    """a leader goes deaf when a single one speaks in its old session that it has ended"""

    def sees(leader: Leader, came: Came) -> bool:
        is_unaware = came.reason == refusal.SESSION and _is_back(came)
        return is_unaware and _gone(came) == 1

    return _vanishing(sees)


def _asks_in_vain(leader: Leader, came: Came) -> bool:
    """A member that was heard lately says HELLO for the third time, since no answer reaches it."""
    if len(came.data) > envelope.TYPE_AT and came.kind == messages.ANSWER:
        came.memory.pop("asked", None)  # our answers do reach somebody
    if not _says_hello(came):
        return False
    end = envelope.HEADER_BYTES + 8
    device, nonce = came.data[envelope.HEADER_BYTES : end], came.data[end : end + 4]
    member = leader.members.by_device(device)
    if member is None or age(came.now_ms, member.heard_ms) > 4500:
        return False
    asked = came.memory.setdefault("asked", {})
    recent = [at_ms for at_ms in asked.get(nonce, []) if since(came.now_ms, at_ms) < 3000]
    asked[nonce] = [*recent, came.now_ms]
    return len(recent) >= 2


@of("cut, deaf")
def several_do_not_hear() -> Any:
    """a leader goes deaf when two members at a time ask to join, and hear no answer"""
    return leader_deafened_by(
        lambda leader, came: (
            _asks_in_vain(leader, came) and came.lately("in vain", came.source, 3000) >= 2
        )
    )


@of("half-open link, down")
def one_does_not_hear() -> Any:
    """a leader goes deaf when a single member asks to join for long, and hears no answer"""

    def sees(leader: Leader, came: Came) -> bool:
        if not _asks_in_vain(leader, came):
            return False
        since_ms = came.memory.setdefault("vain", {}).setdefault(came.source, came.now_ms)
        is_alone = came.lately("vainly", came.source, 3000) == 1
        return is_alone and since(came.now_ms, since_ms) > 700

    return leader_deafened_by(sees)


@of("roaming")
def a_gap_of_a_second() -> Any:
    """a badge goes deaf when 13 to 40 of its leader's datagrams are missing for a second"""
    return badge_deafened_by(
        lambda badge, came: (
            700 <= quiet_of(came) < 1400 and is_in_order(came) and 13 <= came.gap <= 40
        )
    )


@of("access point restarted")
def many_return_at_once() -> Any:
    """a leader goes deaf when three members are heard again at once, after two seconds"""
    return leader_deafened_by(
        lambda leader, came: (
            came.reason == refusal.ACCEPTED
            and came.silent_ms >= 2200
            and came.gap >= 4  # that it has sent meanwhile
            and came.lately("again", came.source, 1000) >= 3
        )
    )


@of("no memory")
def beats_that_were_never_sent() -> Any:
    """a leader goes deaf when a single member is heard again after 2.5 s and six datagrams"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason != refusal.ACCEPTED:
            return False
        if came.silent_ms >= 2500 and 5 <= came.gap <= 8:
            came.lately("again", came.source, 1000)
            came.memory["again at"] = came.now_ms
        again = came.memory.get("again", {})
        at_ms = came.memory.get("again at", came.now_ms)
        if since(came.now_ms, at_ms) < 1000:
            return False  # others may follow
        came.memory["again"] = {}
        return len(again) == 1

    return leader_deafened_by(sees)
