"""What must hold in every state of an election, and the memory that is needed to see it.

A memory is a tuple of plain values, a part of the state: (who has led, who was voted for, the
highest term that each host has spoken of, pre-votes, hosts that have resigned, what was broken).
"""

from __future__ import annotations

from ptt.base.numbers import HOST_LOST_MS
from ptt.cluster import election_rules
from ptt.cluster import host_messages as kinds
from ptt.cluster.ballot import NOBODY
from ptt.cluster.election import Election

from .host_state import NOW_MS

Memory = tuple
Message = tuple  # (source, destination, kind, fields)

PROMISES = {
    "one leader a term": "no two hosts have led in one term",
    "one vote a term": "a host that has voted in a term does not vote for another one in it",
    "terms go up": "a host never speaks of a lower term than before, also after a crash",
    "written first": "a vote is on the disk before it is said, and before the host leads by it",
    "highest term": "a host follows none but the leader of the highest term that it knows, and "
    "leads in none below",
    "higher term wins": "a host that hears of a higher term knows it from then on, and leads in no "
    "lower one",
    "majority": "with three voters none leads on without a majority",
    "no idle term": "with three voters a term goes up only after a majority would vote",
    "maintenance": "a host that has resigned does not stand",
    "overslept": "a leader that stood still for long does not lead on",
}


def nothing(hosts: int) -> Memory:
    """Before anything has happened."""
    return ((), (), (0,) * hosts, (), 0, None)


class Watch:
    """One step of one host, compared with the memory."""

    def __init__(self, n: int, ids: tuple[bytes, ...], memory: Memory) -> None:
        self.n = n
        self._ids = ids
        self._quorum = len(ids) // 2 + 1 if len(ids) >= 3 else 1
        self.led, self.voted, self.highest, self.pre_votes, self.resigned, self.broken = memory

    def memory(self) -> Memory:
        return (
            self.led, self.voted, self.highest, self.pre_votes, self.resigned, self.broken
        )  # fmt: skip

    def became_leader(self, term: int, disk: tuple[int, bytes]) -> None:
        if any(other == term and n != self.n for other, n in self.led):
            self._break("one leader a term", f"hosts led by two in term {term}")
        if disk != (term, self._ids[self.n]):
            self._break("written first", f"it leads in term {term}, its disk says {disk[0]}")
        self.led = tuple(sorted({*self.led, (term, self.n)}))

    def said(self, message: Message, disk: tuple[int, bytes]) -> None:
        _, destination, kind, fields = message
        term = fields[0]
        if term < self.highest[self.n]:
            self._break("terms go up", f"term {term} after {self.highest[self.n]}")
        self.highest = (*self.highest[: self.n], term, *self.highest[self.n + 1 :])
        if kind == kinds.PRE_VOTE and fields[-1] == kinds.VOTE_GRANTED:
            self.pre_votes = tuple(sorted({*self.pre_votes, (self.n, destination, fields[3])}))
        elif kind == kinds.VOTE and fields[-1] == kinds.VOTE_GRANTED:
            self._vote(term, self._ids[destination], disk)
        elif kind == kinds.VOTE_REQUEST:
            self._vote(term, self._ids[self.n], disk)

    def _vote(self, term: int, vote: bytes, disk: tuple[int, bytes]) -> None:
        if disk != (term, vote):
            self._break("written first", f"a vote in term {term}, its disk says {disk[0]}")
        if any((self.n, term) == each[:2] and vote != each[2] for each in self.voted):
            self._break("one vote a term", f"two in term {term}")
        self.voted = tuple(sorted({*self.voted, (self.n, term, vote)}))

    def heard(self, message: Message, engine: Election) -> None:
        """The state of the host after `message`; a host that only asks for a vote does not name a
        leader."""
        kind, term = message[2], message[3][0]
        if kind in (kinds.PRE_VOTE_REQUEST, kinds.VOTE_REQUEST, kinds.LEADER_RESIGNED):
            return
        if engine.term < term or (
            engine.state == election_rules.LEADER and engine.leader_term < term
        ):
            self._break("higher term wins", f"it heard of term {term} and knows {engine.term}")

    def stands(self, engine: Election, was: int) -> None:
        """The state that the step led to; `was` is the one before."""
        state = engine.state
        if engine.leader != NOBODY:
            leader = (engine.leader_term, self._ids.index(engine.leader))
            if leader not in self.led or engine.leader_term < engine.term:
                self._break("highest term", f"it knows of term {engine.term}")
        silent_ms = engine.voters.majority_silent_ms(NOW_MS)
        if state == election_rules.LEADER and self._quorum > 1 and silent_ms >= HOST_LOST_MS:
            self._break("majority", f"none for {silent_ms} ms in term {engine.term}")
        if state == election_rules.CANDIDATE != was and self._quorum > 1:
            voters = {n for n, asking, term in self.pre_votes
                      if asking == self.n and term == engine.term}  # fmt: skip
            if len(voters | {self.n}) < self._quorum:
                self._break("no idle term", f"it stands in term {engine.term}")
        if self.resigned & 1 << self.n and state not in (
            election_rules.RESIGNED,
            election_rules.FOLLOWER,
        ):
            self._break("maintenance", f"it is {election_rules.STATES[state]}")
        least = min(self.highest)
        self.pre_votes = tuple(each for each in self.pre_votes if each[2] > least)

    def woke_up(self, engine: Election) -> None:
        if engine.state == election_rules.LEADER:
            self._break("overslept", f"it leads in term {engine.term}")

    def _break(self, promise: str, how: str) -> None:
        if self.broken is None:
            self.broken = f"{promise}: {PROMISES[promise]}. Host {self.n + 1}: {how}"
