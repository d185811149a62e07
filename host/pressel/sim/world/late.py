"""Counters that begin near their ends, as in a venue that has run for years: what wraps does so
within the run.
"""

from __future__ import annotations

from typing import Callable

from ptt.badge.participant import Participant
from ptt.base.numbers import INT_MAX, LEASE_TAKEN_OVER_MAX
from ptt.leader.leader import Leader
from ptt.link.derive import KEY_BYTES

from .seal import StandInLink

_SEQ_LEFT = 0xFFFF + 2_000  # of a session: minutes of voice, and what its leader keeps back
_NODES_LEFT = 8
_REQUESTS_LEFT = 3
_EPOCHS_LEFT = 40  # a takeover passes over as many
_LEASES_LEFT = 4096 + 20  # a takeover passes over that many


class LateLink(StandInLink):
    """A session whose numbers end soon."""

    __slots__ = ()

    def next_seq(self) -> int:
        if self.seq < INT_MAX - _SEQ_LEFT:
            self.seq = INT_MAX - _SEQ_LEFT
        return super().next_seq()


def age_leader(leader: Leader, random: Callable[[int], bytes]) -> None:
    """Before it takes over, whose numbers are another's, and before it serves anybody."""
    record = (0xFFFF - _EPOCHS_LEFT).to_bytes(2, "big") + random(KEY_BYTES)
    leader.keys.go_on_from(record, leader.term)
    leader.groups.lease = LEASE_TAKEN_OVER_MAX - _LEASES_LEFT
    leader.members.go_on_from(0x10000 - _NODES_LEFT)


def age_badge(badge: Participant) -> None:
    """Before it starts."""
    badge.floor.request = 0xFFFF - _REQUESTS_LEFT
