"""What must hold in every state of a floor, and the memory that is needed to see it.

A memory is a tuple of plain values, a part of the state: (leases that were given, the lease that
runs at each leader, the newest leader and the newest lease heard by each badge, what was broken).
"""

from __future__ import annotations

from typing import Any

from ptt.badge.floor import FINISHING, HAS_PERMISSION
from ptt.leader.floor.arbitrator import REQUEST_UNKNOWN
from ptt.wire import messages as kinds

from .floor_state import BADGES, FIRST_NODE, TERMS
from .spoken_badge import FLOOR, SpokenBadge, term_of

Memory = tuple

PROMISES = {
    "one lease": "a leader gives no lease while another runs: it was released, given up by a new "
    "press, or revoked before",
    "one holder": "a lease number is given to one badge only, in whatever term",
    "granted once": "a leader gives one lease for one press",
    "one talker": "no two badges may send in one term under a lease that its leader lets run",
    "own lease": "a badge sends under no lease but one that it was given",
    "newest lease": "a badge does not begin to talk under a lease older than it has heard of",
    "highest term": "what a leader of a lower term says changes nothing at a badge that has heard "
    "of a higher one",
    "goes on": "a leader that takes over lets the burst run that its replica tells of",
    "one source": "a listener plays no frame for another burst than it was spoken in, and none of "
    "a burst after one that is newer",
}

_WITH_TERM = (
    kinds.FLOOR_GRANT,
    kinds.FLOOR_TAKEN,
    kinds.FLOOR_IDLE,
    kinds.FLOOR_REVOKED,
    kinds.HEARTBEAT,
    kinds.ROLE_ANNOUNCE,
)
_SENDING = (HAS_PERMISSION, FINISHING)


def nothing(leaders: int) -> Memory:
    """Before anything has happened."""
    return ((), (None,) * leaders, (0,) * len(BADGES), (0,) * len(BADGES), None)


class Watch:
    """One step, compared with the memory."""

    def __init__(self, memory: Memory) -> None:
        self.given, running, highest, heard, self.broken = memory
        self.running = list(running)  # (lease, node, request, only restored) of each leader
        self.highest = list(highest)
        self.heard = list(heard)

    def memory(self) -> Memory:
        lists = (self.running, self.highest, self.heard)
        return (self.given, *(tuple(each) for each in lists), self.broken)

    # --- a leader ---

    def leader_heard(self, leader: int, node: int, kind: int, fields: tuple) -> None:
        """What ends the running lease by the word of its holder."""
        running = self.running[leader]
        if running is None or node != running[1]:
            return
        lease, _, request, is_restored = running
        if kind == kinds.VOICE_FRAME:
            if fields[1] == lease and is_restored:
                self.running[leader] = (lease, node, request, False)
        elif kind == kinds.FLOOR_RELEASE:
            if request in (fields[1], REQUEST_UNKNOWN):
                self.running[leader] = None
        elif kind == kinds.FLOOR_REQUEST:
            is_newer = 0 < (fields[1] - request) & 0xFFFF < 0x8000
            if request == REQUEST_UNKNOWN or is_newer:
                self.running[leader] = None

    def leader_said(self, leader: int, node: int, kind: int, fields: tuple) -> None:
        running = self.running[leader]
        if kind == kinds.FLOOR_GRANT:
            self._granted(leader, fields[3], node, fields[1])
        elif kind == kinds.FLOOR_REVOKED and running is not None and fields[2] == running[0]:
            self.running[leader] = None
        elif kind == kinds.FLOOR_TAKEN and (running is None or fields[2] != running[0]):
            self._claimed(leader, fields[2], fields[3])

    def took_over(self, leader: int, record: Any, holder: int) -> None:
        """`record`: the floor as its replica tells it; `holder`: as it is now."""
        if record.holder and holder != record.holder:
            self._break("goes on", f"lease {record.lease} of {_badge(record.holder)} is gone")
        if record.holder:
            self.running[leader] = (record.lease, record.holder, record.request, True)
            self._give(leader, record.lease, record.holder, record.request)

    def _granted(self, leader: int, lease: int, node: int, request: int) -> None:
        running = self.running[leader]
        is_repeated = running is not None and running[:3] == (lease, node, request)
        if running is not None and not is_repeated:
            how = f"{lease} to {_badge(node)} while {_badge(running[1])} has {running[0]}"
            self._break("one lease", how)
        if not is_repeated:
            self.running[leader] = (lease, node, request, False)
        self._give(leader, lease, node, request)

    def _give(self, leader: int, lease: int, node: int, request: int) -> None:
        for other, number, holder, asked in self.given:
            if number == lease and holder != node:
                self._break("one holder", f"lease {lease} to {_badge(holder)} and {_badge(node)}")
            if (other, holder, asked) == (leader, node, request) and number != lease:
                how = f"leases {number} and {lease} for press {request} of {_badge(node)}"
                self._break("granted once", how)
        self.given = tuple(sorted({*self.given, (leader, lease, node, request)}))

    def _claimed(self, leader: int, lease: int, node: int) -> None:
        """A burst of the term before, which no replica told of, goes on."""
        running = self.running[leader]
        if running is not None and not running[3]:
            how = f"{lease} of {_badge(node)} while {_badge(running[1])} has {running[0]}"
            self._break("one lease", how)
        self.running[leader] = (lease, node, REQUEST_UNKNOWN, False)

    # --- a badge ---

    def badge_heard(self, n: int, leader: int, kind: int, before: tuple, after: tuple) -> None:
        if kind in _WITH_TERM and leader < self.highest[n] and before != after:
            how = f"{BADGES[n]} obeys term {leader + 1}, knows {self.highest[n] + 1}"
            self._break("highest term", how)
        if kind == kinds.ROLE_ANNOUNCE:
            self.highest[n] = max(self.highest[n], leader)
        if term_of(after) < TERMS[self.highest[n]]:
            self._break("highest term", f"{BADGES[n]} is in a lower one")

    def badge_stands(self, n: int, before: tuple, after: tuple, badge: SpokenBadge) -> None:
        was, now = before[FLOOR], after[FLOOR]
        if now[0] in _SENDING and was[0] not in _SENDING and now[2] < was[4]:
            self._break("newest lease", f"{BADGES[n]} begins {now[2]} and has heard of {was[4]}")
        for speaker, spoken, talker, lease in badge.heard:
            if (speaker, spoken) != (talker, lease):
                how = f"{BADGES[n]} plays lease {spoken} of {_badge(speaker)} as lease {lease}"
                self._break("one source", how)
            if spoken < self.heard[n]:
                self._break("one source", f"{BADGES[n]} plays {spoken} after {self.heard[n]}")
            self.heard[n] = max(self.heard[n], spoken)

    def stands(self, badges: tuple) -> None:
        """The state that the step led to."""
        talking = []
        for n, values in enumerate(badges):
            if values[FLOOR][0] in _SENDING:
                talking.append((term_of(values), values[FLOOR][2], FIRST_NODE + n))
        for _, lease, node in talking:
            if not any(each[1:3] == (lease, node) for each in self.given):
                self._break("own lease", f"{_badge(node)} sends under {lease}")
        for leader, running in enumerate(self.running):
            if running is not None:
                both = [each for each in talking if each[:2] == (TERMS[leader], running[0])]
                if len(both) > 1:
                    self._break("one talker", f"two under {running[0]} in term {leader + 1}")

    def _break(self, promise: str, how: str) -> None:
        if self.broken is None:
            self.broken = f"{promise}: {PROMISES[promise]}. Here: {how}"


def _badge(node: int) -> str:
    return f"badge {BADGES[node - FIRST_NODE]}"
