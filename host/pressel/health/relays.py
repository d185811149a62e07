"""How well badges hear that a relay serves: its score, and why. It knows no HTML."""

from __future__ import annotations

from dataclasses import dataclass, field

from pressel.node.leader_state import LeaderState, MemberState
from pressel.node.way_state import RelayState

from .radio import FEW, MOST, word_of
from .rating import WELL
from .verdict import Sum, VenueHealth


@dataclass
class RelayHealth:
    """`served` are the badges that get voice by it now. `word` of `rating` for what they heard, ""
    for too little speech; `why` where that, or the relay itself, is not well."""

    state: RelayState
    served: list[MemberState] = field(default_factory=list)
    heard: Sum = field(default_factory=Sum)
    word: str = ""
    why: str = ""
    is_troubled: bool = False  # most of those that it serves hear badly, and others do not


def relays(status: LeaderState, health: VenueHealth) -> list[RelayHealth]:
    """All that the leader has asked."""
    found = {each.name: RelayHealth(each) for each in status.relays}
    for member in status.members:
        relay = found.get(member.way.relay or "") if member.way is not None else None
        if relay is None:
            continue
        relay.served.append(member)
        known = health.badges.get(member.device)
        if known is not None:
            relay.heard.join(known.heard)
    for each in found.values():
        _judge(each, health)
    return list(found.values())


def _judge(relay: RelayHealth, health: VenueHealth) -> None:
    relay.word = word_of(relay.heard)
    if not relay.state.serves:
        relay.why = "slow or busy: the leader does its work"
        return
    words = [health.badges[m.device].word for m in relay.served if m.device in health.badges]
    words = [word for word in words if word]
    bad = len(words) - words.count(WELL)
    relay.is_troubled = not health.shared and bad >= FEW and bad >= MOST * len(words)
    if relay.is_troubled:
        relay.why = f"{bad} of the {len(words)} badges that it serves hear badly, and others do not"
