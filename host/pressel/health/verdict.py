"""Who is heard and who hears badly, and why: from the bursts of the last while.

A burst that most of its listeners lost frames of went wrong before it reached the leader: that is
the talker's trouble, and is not held against those who listened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pressel.node.burst_state import BurstState, HearingState

from .rating import BADLY, GAPS, WELL, in_words, rating

WINDOW_S = 900.0  # what was an hour ago is for the history
FRAMES_MIN = 100  # two seconds of speech: of less nobody can say anything
_MOST = 0.7  # of the listeners of a burst
_LOST = 0.03  # of a burst's frames at one of them
_LATE = 0.5  # of the replaced frames


@dataclass
class Sum:
    """Frames of several bursts at one badge."""

    played: int = 0
    concealed: int = 0
    late: int = 0
    bursts: int = 0

    def add(self, hearing: HearingState) -> None:
        self.played += hearing.played
        self.concealed += hearing.concealed
        self.late += hearing.late
        self.bursts += 1

    @property
    def frames(self) -> int:
        return self.played + self.concealed

    @property
    def lost(self) -> float:
        return self.concealed / self.frames if self.frames else 0.0


@dataclass
class BadgeHealth:
    """One badge: `r` of what it heard, None for too little; `word` of `rating`, and `why` where
    that is not WELL."""

    device: str
    name: str
    heard: Sum = field(default_factory=Sum)
    told: Sum = field(default_factory=Sum)  # what others heard of it
    r: float | None = None
    word: str = ""
    why: str = ""


@dataclass
class VenueHealth:
    """`word` for all together, and `why`; `r` is the mean over listeners. `badges` by device."""

    r: float | None
    word: str
    why: str
    badges: dict[str, BadgeHealth]


def judge(bursts: Iterable[BurstState], now_s: float) -> VenueHealth:
    """The health of everybody in the bursts of the last WINDOW_S before `now_s`."""
    badges: dict[str, BadgeHealth] = {}
    spoilt: dict[str, list[bool]] = defaultdict(list)
    for burst in bursts:
        if now_s - burst.at > WINDOW_S:
            continue
        is_spoilt = _is_spoilt(burst)
        spoilt[burst.device].append(is_spoilt)
        talker = badges.setdefault(burst.device, BadgeHealth(burst.device, burst.talker))
        for hearing in burst.hearings:
            listener = badges.setdefault(hearing.device, BadgeHealth(hearing.device, hearing.name))
            talker.told.add(hearing)
            if not is_spoilt:
                listener.heard.add(hearing)
    for badge in badges.values():
        _judge_badge(badge, spoilt[badge.device])
    return _judge_venue(badges)


def _is_spoilt(burst: BurstState) -> bool:
    hearings = [each for each in burst.hearings if each.played + each.concealed]
    losing = [each for each in hearings if each.concealed > _LOST * (each.played + each.concealed)]
    return len(hearings) > 1 and len(losing) >= _MOST * len(hearings)


def _judge_badge(badge: BadgeHealth, spoilt: list[bool]) -> None:
    heard, told = badge.heard, badge.told
    if heard.frames >= FRAMES_MIN:
        badge.r = rating(heard.played, heard.concealed)
        assert badge.r is not None
        badge.word = in_words(badge.r)
        if badge.word != WELL:
            badge.why = f"loses {_percent(heard.lost)} of what is said: {_cause(heard)}"
    r = rating(told.played, told.concealed) if any(spoilt) else None
    if told.frames >= FRAMES_MIN and r is not None and in_words(r) != WELL:
        badge.word = max(badge.word, in_words(r), key=(("", WELL, GAPS, BADLY)).index)
        badge.why = (
            f"all others lose {_percent(told.lost)} of what {badge.name} says: its own way to an "
            "access point is bad"
        )


def _cause(heard: Sum) -> str:
    if heard.late >= _LATE * heard.concealed:
        return "it comes too late, since the channel or the access point is busy"
    return "it is lost on the way; is the badge too far from an access point?"


def _judge_venue(badges: dict[str, BadgeHealth]) -> VenueHealth:
    known = [each for each in badges.values() if each.word]
    ratings = [each.r for each in known if each.r is not None]
    mean = sum(ratings) / len(ratings) if ratings else None
    bad = [each for each in known if each.word == BADLY]
    gaps = [each for each in known if each.word == GAPS]
    if not known:
        return VenueHealth(None, "", "nobody has talked for a while", badges)
    if not bad and not gaps:
        return VenueHealth(mean, WELL, "everybody hears well", badges)
    first = sorted(bad or gaps, key=lambda each: each.heard.lost, reverse=True)[0]
    others = len(bad) + len(gaps) - 1
    more = f", and {others} more" if others else ""
    word = BADLY if len(bad) * 2 >= len(known) else GAPS
    why = first.why if first.why.startswith("all others") else f"{first.name} {first.why}"
    return VenueHealth(mean, word, f"{why}{more}", badges)


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.095 else f"{share * 100:.1f} %"
