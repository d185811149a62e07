"""The venue's Wi-Fi as badges report it: each access point, who is at it, how well they hear. It
knows no HTML."""

from __future__ import annotations

from dataclasses import dataclass, field

from pressel.health.rating import WELL, in_words, rating
from pressel.health.verdict import FRAMES_MIN, Sum, VenueHealth
from pressel.node.leader_state import UNTOLD, LeaderState, MemberState
from ptt.fanout.plan import frames_in_packet, share_percent

WEAK_DBM = -70  # below, rates fall and frames are sent again; plans for voice ask for -67 and more
MANY_PERCENT = 4  # once for all, at a basic rate of 6 Mb/s: docs/relay-topology.md, simulated
FEW = 3  # badges at an access point, or of a relay: of fewer, each may have a trouble of its own
MOST = 0.7  # of the badges there: its trouble, not theirs


@dataclass
class Place:
    """A badge at an access point; `signal_dbm` None where the badge cannot tell."""

    name: str
    device: str
    signal_dbm: int | None
    is_far: bool
    talks: bool = False


@dataclass
class AccessPoint:
    """`label`: the end of its address, as its sticker has it; `heard`: frames of all badges at
    it. Of the largest group there `many` get a burst once for all of them, `alone` each for itself;
    `airtime_percent` of its channel is what a talker takes then, by the leader's own plan."""

    label: str
    channel: int | None
    places: list[Place] = field(default_factory=list)
    heard: Sum = field(default_factory=Sum)
    word: str = ""  # of `rating`; "" for too little speech
    many: int = 0
    alone: int = 0
    airtime_percent: int | None = None  # where badges do not tell where they are

    @property
    def weakest_dbm(self) -> int | None:
        return min((p.signal_dbm for p in self.places if p.signal_dbm is not None), default=None)

    @property
    def far(self) -> int:
        """How many badges are too far away."""
        return sum(place.is_far for place in self.places)


def access_points(status: LeaderState, health: VenueHealth) -> list[AccessPoint]:
    """Those that badges are at now, the one where most is lost first; badges that do not tell come
    last."""
    found: dict[tuple[str, int | None], AccessPoint] = {}
    talking = {floor.node for floor in status.floors if floor.node is not None}
    listeners: dict[tuple[str, int | None], dict[int, list[MemberState]]] = {}
    for member in status.members:
        badge = member.badge
        key = (member.access_point, badge.channel if badge is not None else None)
        point = found.setdefault(key, AccessPoint(*key))
        signal_dbm = badge.signal_dbm if badge is not None else None
        talks = member.node in talking
        point.places.append(Place(member.name, member.device, signal_dbm, is_far(member), talks))
        listeners.setdefault(key, {}).setdefault(member.group, []).append(member)
        known = health.badges.get(member.device)
        if known is not None:
            point.heard.join(known.heard)
    for key, point in found.items():
        if point.label != UNTOLD:
            _reckon_airtime(point, max(listeners[key].values(), key=len))
        point.places.sort(key=lambda place: (place.signal_dbm or 0, place.name.lower()))
        point.word = word_of(point.heard)
    return sorted(
        found.values(), key=lambda each: (each.label == UNTOLD, -each.heard.lost, each.label)
    )


def _reckon_airtime(point: AccessPoint, group: list[MemberState]) -> None:
    point.many = len([each for each in group if each.way is not None and each.way.is_many])
    point.alone = len(group) - point.many
    frames = frames_in_packet(point.alone)
    point.airtime_percent = share_percent(point.alone, frames) + MANY_PERCENT * (point.many > 0)


def troubled(points: list[AccessPoint], health: VenueHealth) -> list[AccessPoint]:
    """Those at which most hear badly, where they do not everywhere."""
    if health.shared:
        return []
    found = []
    for point in points:
        words = [
            health.badges[place.device].word
            for place in point.places
            if place.device in health.badges and health.badges[place.device].word
        ]
        bad = len(words) - words.count(WELL)
        if point.label != UNTOLD and bad >= FEW and bad >= MOST * len(words):
            found.append(point)
    return found


def word_of(heard: Sum) -> str:
    """Of `rating`; "" for too little speech."""
    r = rating(heard.played, heard.concealed) if heard.frames >= FRAMES_MIN else None
    return "" if r is None else in_words(r)


def by_signal(member: MemberState) -> str:
    """What its signal says of a badge that hears badly; "" where nothing is known."""
    badge = member.badge
    if badge is None or badge.signal_dbm is None:
        return ""
    if is_far(member):
        return f"too far from its access point, at {badge.signal_dbm} dBm"
    return f"not too far away, at {badge.signal_dbm} dBm"


def is_far(member: MemberState) -> bool:
    """Is its signal too weak?"""
    signal_dbm = member.badge.signal_dbm if member.badge is not None else None
    return signal_dbm is not None and signal_dbm < WEAK_DBM
