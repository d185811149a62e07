"""What is wrong with single badges besides what they hear: gone, empty, restless, forgetful, twice
there, without voice, held off, alone, with a stuck button, or of another release. It knows no
HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pressel.health.microphone import SILENT, trouble
from pressel.health.verdict import VenueHealth
from pressel.node.leader_state import AwayState, LeaderState, MemberState
from ptt.base.numbers import HEARTBEAT_MS

from .todo import Todo, some

SILENT_MS = 3 * HEARTBEAT_MS  # a member that has missed two heartbeats
RESTARTS_MIN = 3  # in a quarter of an hour: an update takes one, a badge that is tried out two
FAILURES_MIN = 2  # of those that are nobody's wish
HELD_MS = 15 * 60_000  # what was longer ago is over
MOST = 0.5  # of the badges: while an update is on its way, those that have it are ahead
_RELEASE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}")
ASKS_MS = 10_000  # a badge that looks for its leader asks each two seconds, if nothing is lost
DEAF_MIN = 3  # bursts in a row of which nothing came to it: it may have walked through a lift
UNHEARD_MIN = 2  # bursts in a row: one is a try
IN_VAIN_MIN = 2  # in a row, too: once it may have walked out of reach
CUT_OFF_MIN = 2  # in a row, too: once somebody forgets the time

_FAILURES = ("its program hung", "its supply failed for a moment")
_FAILED = "Give out another badge; what this one says at a cable tells more: pressel badge logs."
_WHY_RESTARTS = {  # by the words of the message table
    "it was switched on": "Its battery has a loose contact, or somebody switches it off and on.",
    "its supply failed for a moment": "Its battery is weak: charge it, or put in another.",
}


def of_badges(status: LeaderState, health: VenueHealth) -> list[Todo]:
    """Each of these causes once for all badges that have it, or for each where advice differs."""
    return [
        *_gone(status),
        *_twice(status),
        *_restless(status),
        *_forgetful(status),
        *_held_off(status),
        *_deaf(status, health),
        *_in_vain(status, health),
        *_alone(status, health),
        *_stuck(status, health),
        *_empty(status),
        *_other_release(status),
    ]


def is_low(member: MemberState, status: LeaderState) -> bool:
    """Does its battery run out soon, as the venue has set that?"""
    badge = member.badge
    percent = badge.battery_percent if badge is not None else None
    return percent is not None and percent <= status.battery_low_percent


def _gone(status: LeaderState) -> Iterator[Todo]:
    held_off = {each.device for each in status.held if each.ago_ms <= ASKS_MS}
    gone = [each.name for each in status.members if each.silent_ms > SILENT_MS]
    away = [each for each in status.away if each.device not in held_off]
    gone += [each.name for each in away if not asks(each)]
    if gone:
        text = "Out of reach, switched off, or an empty battery. Ask somebody who is near."
        yield Todo(f"{some(gone)} cannot be heard", text, "warn")
    deaf = [each.name for each in away if asks(each) and not each.has_other_key]
    if deaf:
        text = (
            "What it sends arrives, and what is sent to it is lost: an access point or a firewall "
            "keeps that back, or it is at the edge of what an access point reaches."
        )
        yield Todo(f"{some(deaf)} asks to come in, and hears no answer", text, "warn")
    refused = [each.name for each in away if asks(each) and each.has_other_key]
    if refused:
        text = "Its key is not the one that the registry has. Flash it, or give it its key."
        yield Todo(f"{some(refused)} asks to come in, and is refused", text, "warn")


def asks(away: AwayState) -> bool:
    """Does it ask to come in, now?"""
    return away.asked_ms is not None and away.asked_ms <= ASKS_MS


def _twice(status: LeaderState) -> Iterator[Todo]:
    for each in status.members:
        if each.doubles:
            text = (
                "Each throws the other out. Switch one of them off, and flash it anew with "
                "--new-identity."
            )
            yield Todo(f"Two badges have the identity of {each.name}", text, "bad")


def _restless(status: LeaderState) -> Iterator[Todo]:
    for each in status.members:
        why = each.badge.restart if each.badge is not None else ""
        if each.restarts >= (FAILURES_MIN if why in _FAILURES else RESTARTS_MIN):
            last = f"; the last time {why}" if why else ""
            text = f"{each.restarts} times in a quarter of an hour{last}. "
            text += _WHY_RESTARTS.get(why, _FAILED)
            yield Todo(f"{each.name} restarts again and again", text, "warn")


def _forgetful(status: LeaderState) -> Iterator[Todo]:
    for each in status.members:
        badge = each.badge
        # A soft badge counts no starts either; it measures no heap.
        if badge is not None and not badge.starts and badge.heap_free_bytes is not None:
            text = (
                "Its storage takes no write: what it is told is lost when it is switched off. "
                "Flash it anew with --erase, and give out another if that does not help."
            )
            yield Todo(f"{each.name} keeps nothing", text, "warn")


def _held_off(status: LeaderState) -> Iterator[Todo]:
    twice = {each.device for each in status.members if each.doubles}
    for each in status.held:
        if each.ago_ms <= HELD_MS and each.device not in twice:
            text = f"{_capital(each.why or 'it sends too much')}: {each.times} times."
            text += f" {_capital(each.advice)}." if each.advice else ""
            yield Todo(f"{each.name or each.device} is held off", text, "warn")


def _deaf(status: LeaderState, health: VenueHealth) -> Iterator[Todo]:
    """Who is there, and tells of no burst, while others hear them."""
    for each in status.members:
        count = health.deaf_for(each.device, each.group)
        if count >= DEAF_MIN and each.silent_ms <= SILENT_MS:
            text = (
                f"It answers, and nothing of the last {count} bursts has come to it, which others "
                "heard. So short datagrams reach it, and those with voice do not: an access point, "
                "a tunnel or a firewall on its way keeps them back. Try it at another access point."
            )
            yield Todo(f"{each.name} hears nothing", text, "warn")


def _in_vain(status: LeaderState, health: VenueHealth) -> Iterator[Todo]:
    """Who gets the floor, and no voice comes."""
    for each in status.members:
        known = health.badges.get(each.device)
        if known is not None and known.in_vain >= IN_VAIN_MIN:
            text = (
                f"{known.in_vain} times in a row it got the floor, and no voice came from it. So "
                "its short datagrams arrive, and those with voice do not: an access point, a "
                "tunnel or a firewall on its way keeps them back. Try it at another access point; "
                "if nobody hears it there, it is broken."
            )
            yield Todo(f"Nobody hears what {each.name} says", text, "warn")


def _alone(status: LeaderState, health: VenueHealth) -> Iterator[Todo]:
    groups = [each.group for each in status.members]
    for each in status.members:
        known = health.badges.get(each.device)
        if known is None or known.unheard < UNHEARD_MIN or len(groups) == 1:
            continue
        if groups.count(each.group) == 1:
            text = (
                f"Nobody else is in group {each.group}, in which it has talked {known.unheard} "
                "times. If that is the wrong group, choose another at the badge, or on its page."
            )
            yield Todo(f"Nobody is there to hear {each.name}", text, "warn")


def _stuck(status: LeaderState, health: VenueHealth) -> Iterator[Todo]:
    for each in status.members:
        known = health.badges.get(each.device)
        is_mute = each.microphone is not None and trouble(each.microphone) == SILENT
        if known is not None and known.cut_off >= CUT_OFF_MIN and not is_mute:  # told as such
            text = (
                f"{known.cut_off} times in a row it talked for as long as anybody may, and was cut "
                "off. If nobody holds its button, that is stuck, or something presses on it: take "
                "its battery out. If somebody has that much to say, allow more: floor.talk_ms."
            )
            yield Todo(f"{each.name} talks until it is cut off", text, "warn")


def _empty(status: LeaderState) -> Iterator[Todo]:
    empty = [
        f"{each.name} ({each.badge.battery_percent} %)"
        for each in status.members
        if each.badge is not None and is_low(each, status)
    ]
    if empty:
        text = "They run out soon. Give them a charged badge."
        yield Todo(f"Low battery: {some(empty)}", text, "warn")


def _other_release(status: LeaderState) -> Iterator[Todo]:
    older = [each for each in status.members if each.table_advice]
    if older:
        names = some([each.name for each in older])
        yield Todo(f"{names}: another release", str(older[0].table_advice), "warn")
    releases = {each.device: found for each in status.members if (found := _release(each.build))}
    if not releases:
        return
    usual, count = Counter(releases.values()).most_common(1)[0]
    behind = [
        f"{each.name} ({each.build})"
        for each in status.members
        if not each.table_advice and releases.get(each.device, usual) < usual
    ]
    if behind and count >= MOST * len(releases):
        text = (
            f"The others have {'.'.join(map(str, usual))}. If what goes wrong there goes wrong "
            "nowhere else, this is why: bring the release to it, too."
        )
        yield Todo(f"An older release: {some(behind)}", text, "warn")


def _release(build: str) -> tuple[int, ...]:
    """() for what has none of a badge's: a soft badge, a browser, or what somebody has made up."""
    return tuple(map(int, build.split("."))) if _RELEASE.fullmatch(build) else ()


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
