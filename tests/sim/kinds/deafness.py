"""How a planted bug makes an engine deaf: to whom, from which datagram on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from tests.sim.kinds.bug import Bug
from tests.sim.kinds.came import Came, Sees
from tests.sim.mutants import replaced

from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base.clock import NEVER, age, since
from ptt.leader.joining import Joining
from ptt.leader.leader import Leader
from ptt.wire import envelope, refusal


def _deafened_by(owner: Any, sees: Sees, stand: Callable[[Any, Any, int], tuple[int, int]]) -> Any:
    original = owner.receive_datagram
    bug = Bug()

    def receive(self: Any, data: Any, source: Any, now_ms: int) -> None:
        memory = bug.memory(self)
        if "deaf" in memory:
            self.refusals.add(refusal.STALE)
            return
        due_ms = self.next_timeout_ms()
        late_ms = 0 if due_ms == NEVER else max(0, since(now_ms, due_ms))
        highest, silent_ms = stand(self, data, now_ms)
        whole, before = bytes(data), list(self.refusals._counts)
        original(self, data, source, now_ms)
        pairs = enumerate(zip(before, self.refusals._counts, strict=True))
        reason = next((at for at, (old, new) in pairs if old != new), refusal.ACCEPTED)
        came = Came(whole, source, now_ms, late_ms, reason, highest, silent_ms, memory)
        if bug.strikes(sees(self, came)):
            memory["deaf"] = True

    return replaced(owner, "receive_datagram", receive)


def badge_deafened_by(sees: Sees) -> Any:
    """A badge that goes deaf when `sees(badge, came)` says so."""

    def stand(badge: Participant, data: Any, now_ms: int) -> tuple[int, int]:
        join = badge.join
        if join.state != JOINED or envelope.session_id(data) != join.session:
            return 0, -1
        return badge.link.replay.highest, join.silent_ms(now_ms)

    return _deafened_by(Participant, sees, stand)


def leader_deafened_by(sees: Sees) -> Any:
    """A leader that goes deaf when `sees(leader, came)` says so."""

    def stand(leader: Leader, data: Any, now_ms: int) -> tuple[int, int]:
        whole = len(data) >= envelope.HEADER_BYTES
        member = leader.members.by_session(envelope.session_id(data)) if whole else None
        if member is None:
            return 0, -1
        return member.link.replay.highest, age(now_ms, member.heard_ms)

    return _deafened_by(Leader, sees, stand)


def admission(sees: Callable[[Any, Any, int], bool]) -> Any:
    """A leader that goes deaf when `sees(member, source, ms since it was heard here)` says so of a
    device that proves its key, from `source`, while it is a member."""
    original = Joining.admit
    bug = Bug()

    def admit(self: Joining, fields: list[Any], data: Any, source: Any, now_ms: int) -> int:
        member = self._members.by_device(fields[0])
        memory = bug.memory(self._leader)
        heard_ms = memory.get("heard", {}).get(member.session) if member else None
        if member is not None and heard_ms is not None and member.nonce != fields[1]:
            is_met = sees(member, source, age(now_ms, heard_ms))
            if bug.strikes(is_met):
                memory["deaf"] = True
        return original(self, fields, data, source, now_ms)

    def note(leader: Leader, came: Came) -> bool:
        if came.reason == refusal.ACCEPTED and came.silent_ms >= 0:
            session = envelope.session_id(came.data)
            came.memory.setdefault("heard", {})[session] = came.now_ms
        return False

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Joining, "admit", admit))
    stack.enter_context(leader_deafened_by(note))
    return stack
