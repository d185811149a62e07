"""Where standbys relay, each frame of a burst goes to a listener from one host, once; again only to
who has asked for the burst, and the last packet, which its talker repeats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.wire import envelope, voice
from ptt.wire.messages import MULTICAST_MISSED, VOICE_FRAME

from .. import record

if TYPE_CHECKING:
    from ..world import World

_LEASE_AT = 25  # in MULTICAST_MISSED


class OneSender:
    """Of each listener's session and burst: addresses may change hands within a burst. Leases of
    two terms may be alike, so hosts' terms count, too."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._senders: dict[tuple[int, int], dict[int, int]] = {}  # frame -> host
        self._asked: set[tuple[int, int]] = set()  # (session, lease)
        if world.stage.hears_relays:
            world.record.watch(record.SENT, self._on_sent)
            world.record.watch(record.LEADS, self._on_leads)

    def _on_sent(self, now_us: int, node: int, to: int, size: int, data: Any) -> None:
        kind = data[envelope.TYPE_AT] if len(data) > voice.FRAMES_AT else 0
        if kind == MULTICAST_MISSED:
            self._asked.add((envelope.session_id(data), envelope.get32(data, _LEASE_AT)))
        if kind != VOICE_FRAME or not self._world.nodes[node].is_wired or voice.is_last(data):
            return
        key = (envelope.session_id(data), voice.lease(data))
        senders = self._senders.setdefault(key, {})
        for number in range(voice.first(data), voice.first(data) + voice.count(data)):
            if number in senders and key not in self._asked:
                self._world.violate(
                    "one sender",
                    f"node {to} gets frame {number} of lease {key[1]} from hosts "
                    f"{senders[number]} and {node}",
                )
            senders[number] = node

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, value: Any) -> None:
        """Another leader may number its bursts as the one before did."""
        self._senders.clear()
        self._asked.clear()

    def finish(self) -> None:
        """Nothing is left to look at."""
