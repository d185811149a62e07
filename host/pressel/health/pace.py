"""Who waits long for an answer of the leader, though hardly anything is lost. It knows no HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from pressel.kpis.hours import LIMITS_MS
from pressel.node.leader_state import UNTOLD, LeaderState, MemberState

from .radio import FEW, MOST
from .rating import BADLY
from .todo import Todo, some
from .verdict import VenueHealth

SLOW_MS = LIMITS_MS["kpi1"][0]  # who presses waits for one answer: it takes all of that limit

_THERE = "Nothing is lost because of it, but whoever presses waits that long"


def of_the_pace(status: LeaderState, health: VenueHealth) -> list[Todo]:
    """One cause for all, or for an access point, or the badges themselves. What is lost as well is
    told of already: a full channel and a weak signal make answers wait, too."""
    told = [each for each in status.members if _trip_ms(each) is not None]
    slow = [each for each in told if _is_slow(each, health)]
    if not slow or health.shared:
        return []
    if len(slow) >= FEW and len(slow) >= MOST * len(told):
        text = (
            f"Answers take {_usual_ms(slow)} ms, where Wi-Fi needs a few. {_THERE}. Everybody has "
            "it, so no badge and no access point is to blame, but the way between them and this "
            "host: a VPN, a mobile or satellite link, a host far away. Ping an access point from "
            "here; put a host into the venue's own network."
        )
        return [Todo("Everybody waits long for an answer", text, "warn")]
    return list(_apart(told, slow, health))


def _apart(told: list[MemberState], slow: list[MemberState], health: VenueHealth) -> Iterator[Todo]:
    explained: set[str] = set()
    for point in sorted({each.access_point for each in slow} - {UNTOLD}):
        there = [each for each in slow if each.access_point == point]
        everybody = [each for each in told if each.access_point == point]
        if len(there) >= FEW and len(there) >= MOST * len(everybody):
            explained |= {each.device for each in there}
            text = (
                f"Answers take {_usual_ms(there)} ms, elsewhere less. {_THERE}. Look at what joins "
                "it to the rest of the network: a mesh of several hops, or a slow bridge."
            )
            yield Todo(f"Who is at access point {point} waits long for an answer", text, "warn")
    own = [each for each in slow if each.device not in explained and not _is_bad(each, health)]
    if own:
        text = (
            f"Answers take {_usual_ms(own)} ms, those to others less. {_THERE}. No other badge's "
            "way is slow: look for a VPN, a repeater, or a far network through which this one "
            "comes. Try it at another access point."
        )
        verb = "waits" if len(own) == 1 else "wait"
        yield Todo(f"{some([each.name for each in own])} {verb} long for an answer", text, "warn")


def _is_bad(member: MemberState, health: VenueHealth) -> bool:
    known = health.badges.get(member.device)
    return known is not None and known.word == BADLY and not known.is_blamed


def _is_slow(member: MemberState, health: VenueHealth) -> bool:
    """Now, and mostly: one answer may wait for a scan of the radio, or for a nap."""
    trips_ms = health.trips_ms(member.device)
    now_ms = _trip_ms(member) or 0
    return bool(trips_ms) and now_ms >= SLOW_MS and median(trips_ms) >= SLOW_MS


def _trip_ms(member: MemberState) -> int | None:
    return member.badge.round_trip_ms if member.badge is not None else None


def _usual_ms(members: Iterable[MemberState]) -> int:
    return round(median(_trip_ms(each) or 0 for each in members))
