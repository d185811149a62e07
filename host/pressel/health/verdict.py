"""Who is heard and who hears badly, and why: from the bursts of the last while.

A burst that most of its listeners lost frames of went wrong before it reached the leader: where
that happens to one talker and not to the others, it is the talker's trouble, and is not held
against those who listened. Where nearly everybody loses frames of everybody, it is nobody's own
trouble: they share a channel.

Whoever sleeps between two beacons gets what the access point has kept for it in bunches. It plays
late then, and loses what finds no room; but when it asks, it is awake, and is answered at once. A
full channel makes answers wait, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from pressel.node.burst_state import BurstState, HearingState

from .rating import BADLY, GAPS, WELL, in_words, rating

WINDOW_S = 900.0  # what was an hour ago is for the history
FRAMES_MIN = 100  # two seconds of speech: of less nobody can say anything
_MOST = 0.7  # of the listeners of a burst
_LOST = 0.03  # of a burst's frames at one of them
_LATE = 0.5  # of the replaced frames
_OWN = 2.0  # times what others' bursts lose: more is a talker's own trouble
_SHARED = 0.7  # of the listeners that hear badly: they have one cause
_CROWD = 3  # of two listeners, both may be far away
_ASLEEP_MS = 200  # of playout: two beacons, 205 ms apart; a single one costs nobody a word
_TALK_LIMIT, _SILENT = "talk limit", "silent"  # why a burst ended, by names of the message table
_WORDS_MS = 500  # of talk: of less, all may be lost by chance
_AWAKE = 4  # times shorter is its round trip; in a queue the longest wait is 3 times the usual one


@dataclass
class Sum:
    """Frames of several bursts at one badge."""

    played: int = 0
    concealed: int = 0
    late: int = 0
    bursts: int = 0
    told: int = 0  # bursts before which the badge had told of its path
    asleep: int = 0  # of these, while it looked asleep

    def add(self, hearing: HearingState) -> None:
        self.played += hearing.played
        self.concealed += hearing.concealed
        self.late += hearing.late
        self.bursts += 1
        delay_ms, trip_ms = hearing.delay_ms, hearing.trip_ms
        if delay_ms is not None and trip_ms is not None:
            self.told += 1
            self.asleep += delay_ms >= _ASLEEP_MS and trip_ms * _AWAKE <= delay_ms

    def join(self, other: Sum) -> None:
        """Those of another badge, too."""
        self.played += other.played
        self.concealed += other.concealed
        self.late += other.late
        self.bursts += other.bursts
        self.told += other.told
        self.asleep += other.asleep

    @property
    def frames(self) -> int:
        return self.played + self.concealed

    @property
    def lost(self) -> float:
        return self.concealed / self.frames if self.frames else 0.0

    @property
    def is_late(self) -> bool:
        """Did most of what is missing come too late?"""
        return self.late >= _LATE * self.concealed

    @property
    def is_asleep(self) -> bool:
        """Does what it hears wait until it wakes? In most bursts: one answer may be slow."""
        return self.asleep * 2 > self.told


@dataclass
class BadgeHealth:
    """One badge: `r` of what it heard, None for too little; `word` of `rating`, and `why` where
    that is not WELL. `is_blamed`: it is the others who hear it badly. Of its last bursts in a row,
    `unheard` had no listener, `cut_off` lasted as long as anybody may talk, and of `in_vain` no
    voice came to the leader."""

    device: str
    name: str
    heard: Sum = field(default_factory=Sum)
    told: Sum = field(default_factory=Sum)  # what others heard of it
    r: float | None = None
    word: str = ""
    why: str = ""
    is_blamed: bool = False
    unheard: int = 0
    cut_off: int = 0
    in_vain: int = 0

    @property
    def is_asleep(self) -> bool:
        """Does it hear badly because it sleeps between two beacons?"""
        return self.word not in ("", WELL) and not self.is_blamed and self.heard.is_asleep


@dataclass
class VenueHealth:
    """`word` for all together, and `why`; `r` is the mean over listeners. `badges` by device.
    `shared` is the cause that nearly all who hear badly have in common, "" for none. It
    is the health of `bursts`; `heard_last` has by device the place of the last that it heard."""

    r: float | None
    word: str
    why: str
    badges: dict[str, BadgeHealth]
    shared: str = ""

    def __post_init__(self) -> None:  # what programs read has the fields alone
        self.bursts: list[BurstState] = []
        self.heard_last: dict[str, int] = {}

    def deaf_for(self, device: str, group: int) -> int:
        """Of how many bursts of others in a row it said nothing, as other listeners did, since it
        last heard anything."""
        last, count = self.heard_last.get(device, 0), 0
        for burst in reversed(self.bursts):
            if burst.group == group and burst.device != device and burst.lasted_ms >= _WORDS_MS:
                if burst.place <= last or not 0 < burst.heard < burst.listeners:
                    break
                count += 1
        return count

    def trips_ms(self, device: str) -> list[int]:
        """Its round trips to the leader, as it had reported them when bursts were over."""
        found = [burst.trip_ms for burst in self.bursts if burst.device == device]
        found += [
            each.trip_ms
            for burst in self.bursts
            for each in burst.hearings
            if each.device == device
        ]
        return [trip_ms for trip_ms in found if trip_ms is not None]


def judge(bursts: Iterable[BurstState], now_s: float, disorder: str = "") -> VenueHealth:
    """The health of everybody in the bursts of the last WINDOW_S before `now_s`. `disorder`: what
    the network does with datagrams (`order.disorder`), which explains what comes too late, or is
    lost by nearly everybody."""
    recent = [burst for burst in bursts if now_s - burst.at <= WINDOW_S]
    badges: dict[str, BadgeHealth] = {}
    heard_last: dict[str, int] = {}
    for burst in recent:
        talker = badges.setdefault(burst.device, BadgeHealth(burst.device, burst.talker))
        talker.unheard = 0 if burst.listeners else talker.unheard + 1
        talker.cut_off = talker.cut_off + 1 if burst.cause == _TALK_LIMIT else 0
        is_in_vain = burst.cause == _SILENT and 0 == burst.heard < burst.listeners
        talker.in_vain = talker.in_vain + 1 if is_in_vain else 0
        for hearing in burst.hearings:
            badges.setdefault(hearing.device, BadgeHealth(hearing.device, hearing.name))
            heard_last[hearing.device] = burst.place
            talker.told.add(hearing)
    spoilt = {burst.device for burst in recent if _is_spoilt(burst)}
    blamed = {device for device in spoilt if _is_own_trouble(device, badges, disorder)}
    for burst in recent:
        if burst.device not in blamed or not _is_spoilt(burst):
            for hearing in burst.hearings:
                badges[hearing.device].heard.add(hearing)
    for badge in badges.values():
        _judge_listener(badge, disorder)
    shared = _shared_cause(badges.values(), disorder)
    if shared:
        for badge in badges.values():
            if badge.why:
                lost = _percent(badge.heard.lost)
                badge.why = f"loses {lost} of what is said, as nearly everybody does: {shared}"
    for device in blamed:
        _judge_talker(badges[device])
    health = _judge_venue(badges, shared)
    health.bursts, health.heard_last = recent, heard_last
    return health


def _is_own_trouble(device: str, badges: dict[str, BadgeHealth], disorder: str) -> bool:
    """Is more lost of what it says than of what others say? Where nobody else talks, those who
    sleep lose all the same."""
    told = badges[device].told
    if disorder and told.is_late:
        return False  # who talks first has it worst: listeners wait longer from then on
    others = [
        each.told.lost
        for each in badges.values()
        if each.device != device and each.told.frames >= FRAMES_MIN
    ]
    return told.lost > _OWN * median(others) if others else not told.is_asleep


def _is_spoilt(burst: BurstState) -> bool:
    hearings = [each for each in burst.hearings if each.played + each.concealed]
    losing = [each for each in hearings if each.concealed > _LOST * (each.played + each.concealed)]
    return len(hearings) > 1 and len(losing) >= _MOST * len(hearings)


def _judge_listener(badge: BadgeHealth, disorder: str) -> None:
    heard = badge.heard
    if heard.frames < FRAMES_MIN:
        return
    badge.r = rating(heard.played, heard.concealed)
    assert badge.r is not None
    badge.word = in_words(badge.r)
    if badge.word != WELL:
        badge.why = f"loses {_percent(heard.lost)} of what is said: {_cause(heard, disorder)}"


def _judge_talker(badge: BadgeHealth) -> None:
    told = badge.told
    r = rating(told.played, told.concealed)
    if told.frames >= FRAMES_MIN and r is not None and in_words(r) != WELL:
        badge.is_blamed = True
        badge.word = max(badge.word, in_words(r), key=(("", WELL, GAPS, BADLY)).index)
        badge.why = (
            f"all others lose {_percent(told.lost)} of what {badge.name} says: its own way to an "
            "access point is bad"
        )


def _shared_cause(badges: Iterable[BadgeHealth], disorder: str) -> str:
    """What nearly all that listen have in common; "" where they hear well, or some do."""
    known = [each for each in badges if each.word]
    bad = [each for each in known if each.word != WELL]
    if len(bad) < _CROWD or len(bad) < _SHARED * len(known):
        return ""
    if sum(each.is_asleep for each in bad) >= _SHARED * len(bad):
        return "it comes in bunches, since they sleep between two beacons"
    if disorder:
        return disorder
    late = sum(each.heard.late for each in bad)
    if late >= _LATE * sum(each.heard.concealed for each in bad):
        return "it comes too late, since the channel is full"
    return "the channel is full or disturbed"


def _cause(heard: Sum, disorder: str) -> str:
    if heard.is_asleep:
        return "it comes in bunches, since the badge sleeps between two beacons to save power"
    if heard.is_late:
        why = disorder or "the channel or the access point is busy"
        return f"it comes too late, since {why}"
    return "it is lost on the way; is the badge too far from an access point?"


def _judge_venue(badges: dict[str, BadgeHealth], shared: str) -> VenueHealth:
    known = [each for each in badges.values() if each.word]
    ratings = [each.r for each in known if each.r is not None]
    mean = sum(ratings) / len(ratings) if ratings else None
    bad = [each for each in known if each.word == BADLY]
    gaps = [each for each in known if each.word == GAPS]
    if not known:
        return VenueHealth(None, "", "nobody has talked for a while", badges)
    if not bad and not gaps:
        return VenueHealth(mean, WELL, "everybody hears well", badges)
    word = BADLY if len(bad) * 2 >= len(known) else GAPS
    if shared:
        lost = _percent(median(each.heard.lost for each in bad + gaps))
        why = f"nearly everybody loses {lost} of what is said: {shared}"
        return VenueHealth(mean, word, why, badges, shared)
    first = sorted(bad or gaps, key=lambda each: each.heard.lost, reverse=True)[0]
    others = len(bad) + len(gaps) - 1
    more = f", and {others} more" if others else ""
    why = first.why if first.is_blamed else f"{first.name} {first.why}"
    return VenueHealth(mean, word, f"{why}{more}", badges)


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.095 else f"{share * 100:.1f} %"
