"""Floors with one fault each, the search that sees it and the promise that it breaks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.sim.mutants import listener_mixes_two_talkers, older_burst_takes_over, replaced

from pressel.sim.explore.floor import AGAIN, KNOWN, TALKS, Bounds
from ptt.badge.floor import FloorParticipant
from ptt.badge.join import JOINED, Join
from ptt.badge.talking import Talking
from ptt.cluster import record_numbers, records
from ptt.leader import takeover
from ptt.leader.floor.arbitrator import Arbitrator
from ptt.leader.groups import Groups


def lease_is_off_by_one() -> Any:
    """The first two leases have the same number."""

    def next_lease(self: Groups) -> int:
        self.lease += 1
        return max(1, self.lease - 1)

    return replaced(Groups, "next_lease", next_lease)


def second_grant_while_one_runs() -> Any:
    """Whoever asks while another talks gets the floor, too."""
    return replaced(Arbitrator, "_do_enqueue", Arbitrator._do_grant)


def earlier_press_ends_a_burst() -> Any:
    """A request of the holder counts as a new press, even when it comes late."""
    return replaced(Arbitrator, "_is_before_holders", lambda self, request: False)


def queue_entry_is_granted_twice() -> Any:
    """A waiting member gets the floor and keeps its place."""

    def pass_on(self: Arbitrator, now_ms: int) -> None:
        first = self.queue[0] if self.queue else None
        original(self, now_ms)
        if first is not None:
            self._over.pop(first.node, None)
            self.queue.append(first)

    original = Arbitrator._pass_on
    return replaced(Arbitrator, "_pass_on", pass_on)


def badge_skips_the_term_check() -> Any:
    """What is said of a floor is obeyed, whatever its term."""

    stack = contextlib.ExitStack()
    for name, place in (("_on_answer", 2), ("_on_revoked", 1), ("_on_floor", 1)):
        stack.enter_context(replaced(Talking, name, _in_our_term(getattr(Talking, name), place)))
    return stack


def _in_our_term(original: Any, place: int) -> Any:
    def obey(self: Talking, fields: list, *rest: Any) -> int:
        if len(fields) > 3 or place == 1:
            fields[place] = self._owner.join.term
        return original(self, fields, *rest)

    return obey


def badge_follows_any_leader() -> Any:
    """Badges follow the host that was last to say that it leads."""

    def on_announced(self: Join, term: int, now_ms: int) -> bool:
        if self.state == JOINED and term < self.term:
            self.term = term
            return True
        return original(self, term, now_ms)

    original = Join.on_announced
    return replaced(Join, "on_announced", on_announced)


def badge_takes_a_late_grant() -> Any:
    """A grant is a grant, whatever the badge has heard since."""

    def on_grant(self: FloorParticipant, request: int, lease: int, *rest: int) -> bool:
        self.seen_lease = min(self.seen_lease, lease)
        return original(self, request, lease, *rest)

    original = FloorParticipant.on_grant
    return replaced(FloorParticipant, "on_grant", on_grant)


def takeover_forgets_the_floor() -> Any:
    """All floors are idle under a new leader."""
    return replaced(takeover, "restore_floor", lambda *_: None)


def takeover_forgets_the_leases() -> Any:
    """A new leader numbers its leases on from the last that its replica knows of."""

    def counters_of(state: Any, term: int) -> list[int]:
        found = record_numbers.read_numbers(records.COUNTERS_SIZES, state.body(records.COUNTERS, 0))
        return [max(1, found[0]), *found[1:]]  # 0 would say that members must join anew

    return replaced(takeover, "counters_of", counters_of)


def claim_beside_a_holder() -> Any:
    """Voice under an unheard-of lease takes the floor, also from a holder who is heard."""

    def claim(self: Arbitrator, node: int, lease: int, now_ms: int) -> bool:
        is_heard, self._is_heard = self._is_heard, False
        known, self.lease = self.lease, 0
        is_claimed = node != self.holder and original(self, node, lease, now_ms)
        if not is_claimed:
            self._is_heard, self.lease = is_heard, known
        return is_claimed

    original = Arbitrator.claim
    return replaced(Arbitrator, "claim", claim)


_ONE_PRESS = Bounds()


@dataclass(frozen=True)
class FloorMutant:
    fault: Callable[[], Any]
    breaks: str
    bounds: Bounds = _ONE_PRESS
    depth: int = 8


_TALK = Bounds(start=TALKS, is_listening=True)
_AGAIN = Bounds(presses=0, start=AGAIN, is_listening=True, link=4)
_TAKEOVER = Bounds(presses=0, start=TALKS, takeovers=1)
_TERMS = Bounds(start=TALKS, takeovers=1, same_address=True)
_TWICE = Bounds(start=TALKS, takeovers=2)

FLOOR_MUTANTS = (
    FloorMutant(lease_is_off_by_one, "one holder"),
    FloorMutant(second_grant_while_one_runs, "one lease"),
    FloorMutant(earlier_press_ends_a_burst, "one lease", Bounds(presses=2, link=2)),
    FloorMutant(queue_entry_is_granted_twice, "granted once", _TALK),
    FloorMutant(badge_skips_the_term_check, "highest term", _TERMS),
    FloorMutant(badge_follows_any_leader, "highest term", _TWICE),
    FloorMutant(badge_takes_a_late_grant, "newest lease", Bounds(link=3)),
    FloorMutant(takeover_forgets_the_floor, "goes on", _TAKEOVER),
    FloorMutant(takeover_forgets_the_leases, "one holder", Bounds(takeovers=1)),
    FloorMutant(claim_beside_a_holder, "one lease", replace(_TAKEOVER, start=KNOWN)),
    FloorMutant(listener_mixes_two_talkers, "one source", _AGAIN),
    FloorMutant(older_burst_takes_over, "one source", _AGAIN),
)
