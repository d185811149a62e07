"""A leader whose words are kept as fields: bytes are made when they are delivered.

It is the leader of every venue, with the simulator's stand-in seal, of which nothing is seen, since
the model of the network carries no bytes, and without receipts, which tell what was heard and
decide nothing.
"""

from __future__ import annotations

from typing import Any

from ptt.base.clock import add
from ptt.base.numbers import MEMBER_TTL_MS
from ptt.cluster import records
from ptt.cluster.journal import Journal
from ptt.leader.floor.arbitrator import FLOOR_TAKEN
from ptt.leader.leader import Leader
from ptt.leader.roster import GROUP_DEFAULT
from ptt.link.link import Link
from ptt.wire import messages

from ..world.seal import STAND_IN, Seal, StandInCipher
from .floor_state import (
    BADGES,
    FIRST_NODE,
    NOW_MS,
    TERMS,
    Said,
    Values,
    address_of,
    device_of,
    read_voice,
    session_of,
)

SEQS = 2  # place in a leader's values
_GROUPS, _WAITING = 0, 3  # likewise
_STATE, _IS_HEARD = 0, 6  # places in its floor's

_SEED = 1
_SEAL = Seal(STAND_IN, StandInCipher)
_SECRET = b"known"  # a leader that takes over keeps whoever has one
_KEPT = (
    (records.SETTINGS, 0),
    (records.MEMBER, FIRST_NODE),
    (records.MEMBER, FIRST_NODE + 1),
    (records.FLOOR, GROUP_DEFAULT),
    (records.COUNTERS, 0),
)


class _Everybody:
    """A directory that has every device."""

    def key(self, device: bytes) -> bytes:
        return bytes(32)

    def name(self, device: bytes) -> None:
        return None


class _NoReceipts:
    def begin(self, *_: Any) -> None: ...
    def end(self, *_: Any) -> None: ...
    def on_voice(self, *_: Any) -> None: ...
    def on_report(self, *_: Any) -> bool:
        return True


class SpokenLeader:
    """`engine` is the leader; `said` what it has said: (node, kind, fields, seq)."""

    def __init__(self, number: int) -> None:
        self.said: Said = []
        self.engine = Leader(TERMS[number], _SEED, _Everybody(), bytes, **_SEAL.for_leader())
        self.engine.outbound.send = self._send
        self.engine.outbound.queue_copies = self._queue_copies
        receipts: Any = _NoReceipts()
        self.engine.receipts[GROUP_DEFAULT] = receipts

    def hear(self, data: bytes, n: int) -> None:
        """Of badge `n`."""
        member = self.engine.members.by_node(FIRST_NODE + n)
        assert member is not None
        self.engine.inbound.obey(member, data, NOW_MS)

    def load(self, values: Values) -> SpokenLeader:
        """Take the values of a state; nothing is said yet."""
        self.said = []
        self.engine.restore(values, NOW_MS)
        return self

    def dump(self) -> Values:
        return self.engine.snapshot()

    def journal(self) -> bytes:
        """What a standby that lacks all is sent."""
        journal = Journal(self.engine.term, self.engine)
        for kind, number in _KEPT:
            journal.changed(kind, number)
        journal.add_standby(b"", NOW_MS)
        entries = journal.poll_transmit()
        assert entries is not None
        return entries.data

    def _send(self, kind: int, values: tuple, member: Any, now_ms: int, tail: bytes = b"") -> None:
        self.said.append((member.node, kind, values, member.link.next_seq()))

    def _queue_copies(self, data: bytearray, payload_crc: int, links: list[Link]) -> None:
        """In this model voice takes no number."""
        for member in self.engine.members.all():
            if member.link in links:
                self.said.append((member.node, messages.VOICE_FRAME, read_voice(data), 0))


def new_leader(number: int) -> SpokenLeader:
    """With both badges as its members, and nothing said."""
    leader = SpokenLeader(number)
    members = leader.engine.members
    for n in range(len(BADGES)):
        member = members.take_over(FIRST_NODE + n, device_of(n), session_of(n))
        assert member is not None
        member.address = address_of(n)
        member.nonce = 1 + n
        member.groups = (GROUP_DEFAULT,)
        member.secret = _SECRET
        members.heard(member, add(NOW_MS, MEMBER_TTL_MS))
    members.go_on_from(FIRST_NODE + len(BADGES))
    return leader


def floor_of(values: Values) -> Values:
    """The floor in a leader's values."""
    floors = values[_GROUPS][0]
    return floors[0][1]


def is_taken(values: Values) -> bool:
    return floor_of(values)[_STATE] == FLOOR_TAKEN


def is_heard(values: Values) -> bool:
    """Has the holder of the floor been heard?"""
    return bool(floor_of(values)[_IS_HEARD])


def is_announcing(values: Values) -> bool:
    """Is there a member that has not moved over?"""
    return bool(values[_WAITING])
