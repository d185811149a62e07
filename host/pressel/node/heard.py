"""When each device was heard last, and how full its battery then was, kept on disk: a badge that
nobody misses until Friday was in the building until Tuesday. Every host keeps what it has seen
while it led."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.node.badge_state import read_report
from pressel.node.desk.verb import LEADER, Fields, Verb
from pressel.node.report import Report
from pressel.transport.udp import engine_now_ms
from ptt.base import clock
from ptt.base.numbers import DEVICES_MAX
from ptt.leader.leader import Leader

FILE = "heard.json"
KEEP_S = 60.0  # between two writings: so much is lost with the power
_TIME_S_MAX = 1 << 40  # later than any clock; a damaged file holds anything
_FULL_PERCENT = 100


class Seen(NamedTuple):
    """`at_s` in seconds since 1970; `battery_percent` None: it has not said so."""

    at_s: int
    battery_percent: int | None = None


class Heard:
    """`leader` gives the engine that leads here, or None; `now_s` the time of day."""

    def __init__(
        self,
        state: Path,
        leader: Callable[[], Leader | None],
        in_thread: Callable[..., Any],
        report: Report,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._file = state / FILE
        self._leader = leader
        self._in_thread = in_thread
        self._report = report
        self._now_s = now_s
        self._told = ""
        self._seen = _load(self._file)  # by device id

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("device heard", self._answer_when, place=LEADER),
            Verb("device batteries", self._answer_battery, place=LEADER),
        )

    def _answer_when(self, fields: Fields) -> dict[str, int]:
        """Seconds since 1970, by device id."""
        self._look()
        return {device: seen.at_s for device, seen in self._seen.items()}

    def _answer_battery(self, fields: Fields) -> dict[str, int]:
        """Percent, of the devices that have told theirs."""
        self._look()
        told = ((device, seen.battery_percent) for device, seen in self._seen.items())
        return {device: percent for device, percent in told if percent is not None}

    async def keep(self, number: int) -> None:
        """As a chore: write down who is here. What fails is said once."""
        if not self._look():
            return
        advice = ""
        try:
            await self._in_thread(self._store, dict(self._seen))
        except PresselError as error:
            advice = str(error)
        if advice and advice != self._told:
            self._report("heard_off", {"advice": advice})
        self._told = advice

    def _look(self) -> bool:
        """Whether anybody is here."""
        leader = self._leader()
        if leader is None:
            return False
        now_ms, now_s = engine_now_ms(), self._now_s()
        members = leader.members.all()
        for member in members:
            silent_s = clock.age(now_ms, member.heard_ms) / 1000
            device = member.device.hex()
            former = self._seen.pop(device, None)  # who was heard longest ago goes first
            battery = former.battery_percent if former else None
            if member.report is not None:
                battery = read_report(member.report, 0).battery_percent
            self._seen[device] = Seen(int(now_s - silent_s), battery)
        while len(self._seen) > DEVICES_MAX:
            del self._seen[next(iter(self._seen))]
        return bool(members)

    def _store(self, seen: dict[str, Seen]) -> None:
        fresh = self._file.with_suffix(".new")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as out:
                json.dump(seen, out)
            fresh.replace(self._file)  # no wait for the disk: an older one is no harm
        except OSError as error:
            raise PresselError(
                f"cannot write down who was heard in {self._file}: {error.strerror}"
            ) from error


def _load(file: Path) -> dict[str, Seen]:
    """A file that is missing or damaged tells of nobody, and is written anew. That of an earlier
    version has only times."""
    try:
        told = read_json(file.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    read = {device: _seen(value) for device, value in told.items() if _is_id(device)}
    good = {device: seen for device, seen in read.items() if seen is not None}
    return dict(list(good.items())[-DEVICES_MAX:])


def _seen(value: Any) -> Seen | None:
    """None when it is none."""
    at_s, battery = value if isinstance(value, list) and len(value) == 2 else (value, None)
    if type(at_s) is not int or not 0 <= at_s < _TIME_S_MAX:
        return None
    is_good = type(battery) is int and 0 <= battery <= _FULL_PERCENT
    return Seen(at_s, battery if is_good else None)


def _is_id(device: str) -> bool:
    return len(device) == 16 and all(each in "0123456789abcdef" for each in device)
