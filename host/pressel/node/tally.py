"""What this host counts, for metrics: numbers only, nobody's name, and small whatever the venue's
size, because it is made between two datagrams of voice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pressel.transport.udp import engine_now_ms
from ptt.base import clock
from ptt.base.counters import Counters
from ptt.base.numbers import HEARTBEAT_MS
from ptt.cluster import election, election_rules
from ptt.host import Host
from ptt.leader.floor.arbitrator import FLOOR_TAKEN
from ptt.leader.leader import Leader
from ptt.wire import refusal

from .channel.channel import Channel
from .desk.venue import Venue
from .desk.verb import Fields, Verb
from .others import OtherHosts
from .standbys import HEARD_MS

SILENT_MS = 3 * HEARTBEAT_MS  # a member that has missed two heartbeats


class Tally:
    """`host` and `others` are what is counted; `venue` knows of old apps and how long it leads."""

    def __init__(self, host: Callable[[], Host], others: OtherHosts, venue: Venue) -> None:
        self._host = host
        self._others = others
        self._venue = venue

    def verbs(self) -> tuple[Verb, ...]:
        return (Verb("figures", self.figures),)

    def figures(self, fields: Fields) -> dict[str, Any]:
        """{"host": numbers}, and "status" with those of the leader where this host leads."""
        host, now_ms = self._host(), engine_now_ms()
        found = {"host": of_host(host, self._others.channel, now_ms)}
        if host.leader is not None:
            found["status"] = of_leader(host.leader, now_ms) | self._venue.figures()
        return found


def of_host(host: Host, channel: Channel, now_ms: int) -> dict[str, Any]:
    """The numbers of any host."""
    engine = host.election
    silent = [channel.silent_ms(other, now_ms) for other in channel.hosts()]
    return {
        "state": election_rules.STATES[engine.state],
        "term": engine.term,
        "quorum": engine.voters.quorum,
        "peers": len(silent),
        "peers_heard": len([ms for ms in silent if ms is not None and ms < HEARD_MS]),
        "keeps_term": host.replica.term,
        "elections": _all(engine.counts, election.COUNTED),
        "convergence_ms": None if engine.convergence_ms < 0 else engine.convergence_ms,
        "channel": channel.counts.as_dict(),
    }


def of_leader(leader: Leader, now_ms: int) -> dict[str, Any]:
    """The numbers of the leader, without those that only its process knows."""
    members, version = leader.members.all(), leader.settings.settings.version
    refused = _all(leader.refusals, refusal.WORDS)
    refused.pop("accepted")
    return {
        "term": leader.term,
        "members": len(members),
        "members_silent": len(
            [each for each in members if clock.since(now_ms, each.heard_ms) > SILENT_MS]
        ),
        "members_behind": len([each for each in members if each.settings.acknowledged != version]),
        "floors": [
            {
                "group": group,
                "queue": len(floor.queue),
                "taken": int(floor.state == FLOOR_TAKEN),
            }
            for group, floor in sorted(leader.floors.items())
        ],
        "voice_in": leader.voice.packets_in,
        "voice_out": leader.voice.packets_out,
        "refused": refused,
        "events_dropped": leader.told.dropped,
    }


def _all(counts: Counters, words: str) -> dict[str, int]:
    """Also those at 0: a counter that appears with its first event has no rate for it."""
    return dict.fromkeys(words.split(), 0) | counts.as_dict()
