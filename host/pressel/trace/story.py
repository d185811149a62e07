"""Tells one burst as steps in order of time, and whose each delay was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pressel.errors import UsageError
from pressel.node.burst_state import BurstState

from .logs import Line, passed_ms


@dataclass(frozen=True)
class Step:
    """`at_s` of the time of day, None where only a badge's own clock is known; `took_ms` how long
    it took and `owner` what took it, "" where nothing waited."""

    at_s: float | None
    source: str
    words: str
    took_ms: int | None = None
    owner: str = ""


def story(burst: int, known: BurstState | None, lines: Iterable[Line]) -> list[Step]:
    """The steps of burst `burst`: what the leader keeps of it, and what logs say. UsageError when
    nobody knows it."""
    lines = list(lines)
    steps = _of_leader(known) if known is not None else []
    hosts = [line for line in lines if line.at_s is not None]
    steps += [Step(line.at_s, line.source, line.words()) for line in hosts]
    steps.sort(key=lambda step: step.at_s or 0.0)
    for source in dict.fromkeys(line.source for line in lines if line.ms is not None):
        badge = [line for line in lines if line.source == source and line.ms is not None]
        steps += _of_badge(badge, known)
    if not steps:
        raise UsageError(
            f"nobody knows burst {burst}: the leader keeps the last few hundred; of older ones "
            "give the logs of hosts and badges"
        )
    return steps


def _of_leader(burst: BurstState) -> list[Step]:
    who, at_s = burst.talker, burst.at
    steps = []
    if burst.waited_ms:
        asked_s = at_s - burst.waited_ms / 1000
        steps.append(
            Step(asked_s, "leader", f"{who} asks, and the floor of group {burst.group} is taken")
        )
    waits = (burst.waited_ms, "the queue: others talked") if burst.waited_ms else (None, "")
    steps.append(Step(at_s, "leader", f"{who} may talk, term {burst.term}", *waits))
    ended_s = at_s + burst.lasted_ms / 1000
    spoken = f"; it was in {burst.codec}" if burst.codec else ""
    words = f"{who} is done: {burst.cause or 'unknown'}{spoken}"
    steps.append(Step(ended_s, "leader", words, burst.lasted_ms, who))
    if burst.coded_anew:
        whom = _count(burst.coded_anew, "listener")
        words = f"coded anew for {whom} without {burst.codec}"
        steps.append(Step(ended_s, "leader", words))
    for each in burst.hearings:
        frames = each.played + each.concealed
        owner = ""
        if each.concealed:
            owner = "late" if each.late * 2 >= each.concealed else "lost on the way"
            owner = f"{_count(each.concealed, 'frame')} {owner}"
        words = f"{each.name} heard {each.played} of {frames} frames"
        steps.append(Step(ended_s, "leader", words, None, owner))
    silent = burst.listeners - len(burst.hearings)
    if silent > 0:
        words = f"{_count(silent, 'listener')} did not say what was heard"
        steps.append(Step(ended_s, "leader", words))
    return steps


def _of_badge(lines: list[Line], known: BurstState | None) -> list[Step]:
    """By the badge's own clock, from its first line on."""
    steps: list[Step] = []
    before: Line | None = None
    for line in lines:
        took_ms = None
        owner = ""
        if before is not None and before.ms is not None and line.ms is not None:
            took_ms = passed_ms(before.ms, line.ms)
            owner = line.source
            if line.event == "granted":
                waited_ms = known.waited_ms if known is not None else 0
                owner = "the way to the leader and back"
                if waited_ms:
                    owner = f"the queue {waited_ms} ms, the rest is the way to the leader and back"
        steps.append(Step(None, line.source, line.words(), took_ms, owner))
        before = line
    return steps


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
