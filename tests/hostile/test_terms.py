"""A badge with valid keys that speaks of terms in which nobody leads."""

from __future__ import annotations

from typing import Any

from tests.hostile.stage import by
from tests.shared.test_venue_hosts import Cluster, talking

from ptt.badge.join import JOINED
from ptt.base.numbers import CLAIM_JUMP_MAX, CLAIMS_MAX
from ptt.cluster.election_events import BECAME_LEADER
from ptt.wire import messages

ATTACKED_MS = 60_000
EVERY_MS = 100
HOSTS = 2


def claim(venue: Cluster, thief: str, jump: int) -> None:
    """What the thief's heartbeat says when it has seen a term `jump` above the leader's."""
    for machine in venue.leading():
        badge: Any = venue.badge(thief)
        badge.engine.link.seq += 1
        term = machine.engine.leader.term + jump
        beat = (1, 1, term, 0, 0, 0)
        data = by(badge, messages.HEARTBEAT, beat, seq=badge.engine.link.seq)
        machine.engine.receive_datagram(data, badge.address, venue.now_ms)
        venue.settle(machine)


def attacked(jump: int) -> tuple[Cluster, int]:
    """A venue after a minute of such claims, and the term before."""
    venue = talking(HOSTS)
    before = venue.only().engine.leader.term
    venue.reported.clear()
    for _ in range(0, ATTACKED_MS, EVERY_MS):
        claim(venue, "C", jump)
        venue.run(EVERY_MS)
    venue.run(2000)
    return venue, before


def test_a_badge_does_not_keep_a_venue_without_a_leader() -> None:
    venue, _ = attacked(jump=256)
    elections = [each for each in venue.reported if each[2] == BECAME_LEADER]
    assert len(elections) <= HOSTS * CLAIMS_MAX  # each host has to learn it
    leader = venue.only().engine.leader
    assert all(badge.engine.join.term == leader.term for badge in venue.badges)


def test_a_badge_does_not_use_up_the_terms() -> None:
    for jump in (CLAIM_JUMP_MAX, CLAIM_JUMP_MAX + 1, (1 << 30) - 1 - (1 << 20)):
        venue, before = attacked(jump)
        leader = venue.only().engine.leader
        assert leader.term - before <= HOSTS * CLAIMS_MAX * (CLAIM_JUMP_MAX + 512)
        for name in "AB":
            assert venue.badge(name).engine.join.state == JOINED
