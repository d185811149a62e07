"""What a page shows of a venue, in words: what needs a person first. It knows no HTML."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pressel.health.badges import SILENT_MS, asks
from pressel.health.hosts import of_the_cluster
from pressel.health.radio import by_signal
from pressel.health.rating import BADLY, GAPS, WELL
from pressel.health.todo import Todo
from pressel.health.troubles import of_the_host, troubles, unclear
from pressel.health.verdict import VenueHealth
from pressel.node.burst_state import BurstState
from pressel.node.leader_state import AwayState, LeaderState, MemberState

from .host_reader import Seen

LAST_BURSTS = 50  # on the page of a badge, and in the history

VENUE_WORDS = {WELL: "Good", GAPS: "Fair", BADLY: "Poor", "": "Quiet"}
_TONES = {WELL: "good", GAPS: "warn", BADLY: "bad", "": "none"}  # classes of the style sheet


@dataclass
class Group:
    """One group on the air; `talker` None while nobody talks, `last` a sentence then. A leader of a
    former version does not tell `talks_s`."""

    number: int
    on_duty: int
    talker: str | None
    device: str
    talks_s: int | None
    queue: list[str]
    last: str


@dataclass
class Person:
    """One member; `tone` is how much it needs somebody: a class of the style sheet."""

    name: str
    device: str
    group: int
    now: str
    hears: str
    why: str
    tone: str


@dataclass
class Live:
    """All of the live page; `why` where no leader answers."""

    why: str
    word: str
    reason: str
    tone: str
    groups: list[Group] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    todo: list[Todo] = field(default_factory=list)

    @property
    def gone(self) -> int:
        """How many of `people` are not heard now."""
        return sum(each.tone == "gone" for each in self.people)


def live(seen: Seen, waiting: Iterable[dict[str, Any]], now_s: float) -> Live:
    """The venue at `now_s` of the time of day; `waiting` are devices that ask to be let in."""
    status = seen.status
    if status is None:
        words = "nobody can talk through this host now"
        todo = [*of_the_cluster(seen.cluster, False), *of_the_host(seen.findings)]
        return Live(seen.why, "No leader", words, "bad", todo=todo)
    health = seen.health
    todo = [_newcomer(each) for each in waiting]
    todo += of_the_cluster(seen.cluster, True)
    todo += troubles(status, health, seen.findings)
    return Live(
        why="",
        word=VENUE_WORDS[health.word],
        reason=health.why,
        tone=_TONES[health.word],
        groups=_groups(status, seen, now_s),
        people=_people(status, health),
        todo=todo,
    )


def ago(seconds: float) -> str:
    """How long ago something was, as people say it."""
    if seconds < 60:
        return "just now" if seconds < 10 else f"{seconds:.0f} s ago"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    return f"at {time.strftime('%H:%M', time.localtime(time.time() - seconds))}"


def heard_by(burst: BurstState) -> str:
    """What became of a burst at those who were to hear it."""
    if burst.coded_anew:
        return f"{_heard_by(burst)}, coded anew for {burst.coded_anew}"
    return _heard_by(burst)


def _heard_by(burst: BurstState) -> str:
    if not burst.listeners:
        return "nobody was there to hear it"
    if burst.whole == burst.listeners:
        return "heard by all"
    if burst.heard == burst.listeners:
        return f"heard by all, {burst.whole} without a gap"
    return f"heard by {burst.heard} of {burst.listeners}"


def _groups(status: LeaderState, seen: Seen, now_s: float) -> list[Group]:
    last = {each.group: each for each in seen.bursts}
    devices = {each.node: each.device for each in status.members}
    found = []
    for floor in status.floors:
        before = last.get(floor.group)
        words = "quiet since this host leads"
        if before is not None:
            ended_s = now_s - before.at - before.lasted_ms / 1000
            words = f"{before.talker}, {ago(ended_s)}, {heard_by(before)}"
        found.append(
            Group(
                number=floor.group,
                on_duty=len([each for each in status.members if each.group == floor.group]),
                talker=floor.talker,
                device="" if floor.node is None else devices.get(floor.node, ""),
                talks_s=None if floor.talks_ms is None else floor.talks_ms // 1000,
                queue=floor.queue,
                last=words,
            )
        )
    return sorted(found, key=lambda each: (each.talker is None, each.number))


def _people(status: LeaderState, health: VenueHealth) -> list[Person]:
    waits: dict[str, str] = {}
    talks = {floor.node for floor in status.floors}
    for floor in status.floors:
        waits |= {name: f"waits, number {n}" for n, name in enumerate(floor.queue, 1)}
    found = [
        _person(each, "talks" if each.node in talks else waits.get(each.name, ""), health)
        for each in status.members
    ]
    found += [_gone(each) for each in status.away]
    order = ("gone", "bad", "warn", "talks", "good", "none")
    return sorted(found, key=lambda each: (order.index(each.tone), each.name.lower()))


def _person(member: MemberState, doing: str, health: VenueHealth) -> Person:
    known = health.badges.get(member.device)
    word = known.word if known is not None else ""
    tone = _TONES[word]
    if doing == "talks" and tone in ("good", "none"):
        tone = "talks"
    if member.silent_ms > SILENT_MS:
        doing, tone = f"not heard for {member.silent_ms // 1000} s", "gone"
    why = known.why if known is not None else ""
    return Person(
        name=member.name,
        device=member.device,
        group=member.group,
        now=doing or (member.table_advice or ""),
        hears=word or "nothing to judge by yet",
        why="; ".join(filter(None, (why, by_signal(member) if why else "", unclear(member)))),
        tone=tone,
    )


def _gone(away: AwayState) -> Person:
    """Who is no member any more, and was one a while ago."""
    return Person(
        name=away.name, device=away.device, group=away.group,
        now=f"{'asks to come in' if asks(away) else 'not heard'} for {_span(away.silent_ms)}",
        hears="nothing now",
        why=_why_gone(away), tone="gone",
    )  # fmt: skip


def _why_gone(away: AwayState) -> str:
    percent = away.battery_percent
    return "" if percent is None else f"its battery then was at {percent} %"


def _span(ms: int) -> str:
    return f"{ms // 1000} s" if ms < 60_000 else f"{ms // 60_000} min"


def _newcomer(device: dict[str, Any]) -> Todo:
    code = device.get("check_code") or ""
    return Todo(
        f"{device['name']} asks to come in",
        f"Compare the code with the one that the badge shows: {code}",
        device=device["id"],
    )
