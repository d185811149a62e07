"""What needs a person, in words: each cause once, with what to do. It knows no HTML."""

from __future__ import annotations

from collections.abc import Iterable

from pressel.doctor.finding import Finding
from pressel.health.microphone import HISS, HUM, LOUD, NOISE, SILENT, WIND, trouble
from pressel.health.rating import BADLY
from pressel.health.verdict import BadgeHealth, VenueHealth
from pressel.node.leader_state import UNTOLD, LeaderState, MemberState
from pressel.node.ways import DEAF

from .badges import of_badges
from .order import disorder, of_the_order
from .pace import of_the_pace
from .radio import AccessPoint, access_points, by_signal, troubled
from .relays import relays
from .todo import Todo

DEAF_MIN = 3  # badges at one access point that hear no multicast: one alone may be at its edge
_MOST = 0.7  # of those there that could
_DEAF = DEAF.partition("{}")[2]
_MENDS = {
    WIND: "Wear it under the collar, out of the wind, and where no cloth rubs on it",
    LOUD: "Speak from farther away, or turn the microphone of its board down",
    NOISE: "Speak into it from nearer, or away from what is loud",
    HUM: "A fan or a fridge next to it hums so; at a computer its charger does, so unplug that",
    HISS: "Let somebody talk there with another badge; if that does not hiss, this one is broken",
    SILENT: "Let somebody say a word into it; if nobody hears that, the badge is broken",
}


def troubles(status: LeaderState, health: VenueHealth, findings: Iterable[Finding]) -> list[Todo]:
    """Those of the venue's radio first: they are the cause of others. `findings` are of the
    console's own computer."""
    return [
        *of_the_order(status),
        *_of_the_air(status, health),
        *of_the_pace(status, health),
        *_of_voices(status),
        *_of_relays(status),
        *_of_multicast(status),
        *of_badges(status, health),
        *of_the_host(findings),
        *_of_old_apps(status),
    ]


def of_the_host(findings: Iterable[Finding]) -> list[Todo]:
    """What is wrong with the hosts' computers; those that are fine say nothing."""
    return [
        Todo(_of_whom(each), _how(each), "warn")
        for each in findings
        if each.level == "fault" or (each.level, each.about) == ("warning", "certificates")
    ]


def _how(found: Finding) -> str:
    return f"{found.about.capitalize()}: {found.words}. {_sentence(found.mend)}".strip()


def _of_whom(found: Finding) -> str:
    whose = f"host {found.host}'s" if found.host else "this host's"
    if found.level == "warning":
        return f"{whose[0].upper()}{whose[1:]} {found.about} end soon"
    return f"Something is wrong with {whose} {found.about}"


def _of_the_air(status: LeaderState, health: VenueHealth) -> list[Todo]:
    points = troubled(access_points(status, health), health)
    there = {place.device for point in points for place in point.places}
    found = [_of_a_point(point) for point in points]
    for relay in relays(status, health):
        served = {each.device for each in relay.served}
        if relay.is_troubled and not served <= there:
            name = relay.state.name
            text = f"{relay.why}. Look at its cable, and at what else runs there."
            found.append(Todo(f"Badges that relay {name} serves hear badly", text, "warn"))
            there |= served
    if health.shared and not disorder(status):  # that has a line of its own
        found.append(Todo(f"Nearly everybody hears {health.word}", health.why, "warn"))
    members = {each.device: each for each in status.members}
    found += [
        Todo(_how_it_hears(each), _why(each, members.get(each.device)), "warn")
        for each in health.badges.values()
        if each.word == BADLY and each.device not in there
        if not (health.shared and health.shared in each.why)
    ]
    return found


def _of_a_point(point: AccessPoint) -> Todo:
    what, why = "is full or disturbed", "Its channel may be full, or it is broken."
    if point.heard.is_asleep:
        what = "holds back what is said"
        why = "They sleep, and it keeps voice until they wake: set its DTIM to 1."
    return Todo(
        f"Access point {point.label} {what}",
        f"Most of the {len(point.places)} badges there hear badly ({point.heard.lost:.0%} of "
        f"what is said is lost), and others do not. {why}",
        "warn",
    )


def _how_it_hears(badge: BadgeHealth) -> str:
    return f"{badge.name} {'is heard' if badge.is_blamed else 'hears'} {badge.word}"


def _why(badge: BadgeHealth, member: MemberState | None) -> str:
    return "; ".join(filter(None, (badge.why, by_signal(member) if member is not None else "")))


def _of_voices(status: LeaderState) -> list[Todo]:
    found = []
    for each in status.members:
        why = _unclear(each)
        if why:
            title = f"{each.name} is hard to understand"
            if why == SILENT:
                title = f"Nobody hears what {each.name} says"
            found.append(Todo(title, f"{unclear(each)}. {_MENDS[why]}.", "warn"))
    return found


def unclear(member: MemberState) -> str:
    """What is wrong with its microphone, in words; "" for nothing."""
    told, why = member.microphone, _unclear(member)
    if told is None or not why:
        return ""
    if why == SILENT:
        return f"{why[0].upper()}{why[1:]}: {told.silent_s} s of talk without a sound"
    words = f"{why[0].upper()}{why[1:]}"
    if why in (NOISE, HUM, HISS):
        louder_db = told.above_noise_db
        return words if louder_db is None else f"{words}: words are only {louder_db} dB louder"
    percent = told.windy_percent if why == WIND else told.clipped_percent
    return f"{words}, in {percent} % of what it says"


def _unclear(member: MemberState) -> str:
    return trouble(member.microphone) if member.microphone is not None else ""


def _of_relays(status: LeaderState) -> list[Todo]:
    return [
        Todo(
            f"Relay {each.name} is slow or busy",
            f"It answers after {each.round_trip_ms} ms, and its processor is busy at "
            f"{each.load_percent} %, so it sends to nobody now and the leader does its work. Look "
            f"at its cable and at what else runs there.",
            "warn",
        )
        for each in status.relays
        if not each.serves
    ]


def _of_multicast(status: LeaderState) -> list[Todo]:
    """Access points at which most that can hear multicast do not."""
    able: dict[str, list[bool]] = {}
    for each in status.members:
        way = each.way
        if way is not None and way.probes is not None:
            able.setdefault(each.access_point, []).append(way.is_many or _DEAF not in way.why)
    found = []
    for label, hears in sorted(able.items()):
        deaf = hears.count(False)
        if deaf < DEAF_MIN or deaf < _MOST * len(hears):
            continue
        where = "at computers" if label == UNTOLD else f"at access point {label}"
        found.append(
            Todo(
                f"Multicast does not arrive {where}",
                f"{deaf} of {len(hears)} there get voice one by one, which takes more of the "
                "channel. A switch or the access point keeps it back: let its multicast through.",
                "warn",
            )
        )
    return found


def _of_old_apps(status: LeaderState) -> list[Todo]:
    if status.v1_clients is None:
        return []
    text = "Anybody on this network can listen and talk. Turn the bridge off when it can go."
    return [Todo("Old apps are let in", text, "warn")]


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""
