"""When each device was heard last, kept on disk: a badge that nobody misses until Friday was in
the building until Tuesday. Every host keeps what it has seen while it led."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.node.desk.verb import LEADER, Fields, Verb
from pressel.node.report import Report
from pressel.transport.udp import engine_now_ms
from ptt.base import clock
from ptt.base.numbers import DEVICES_MAX
from ptt.leader.leader import Leader

FILE = "heard.json"
KEEP_S = 60.0  # between two writings: so much is lost with the power
_TIME_S_MAX = 1 << 40  # later than any clock; a damaged file holds anything


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
        self._seen = _load(self._file)  # by device id, seconds since 1970

    def verbs(self) -> tuple[Verb, ...]:
        return (Verb("device heard", self._answer, place=LEADER),)

    def _answer(self, fields: Fields) -> dict[str, int]:
        self._look()
        return self._seen

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
            self._seen.pop(device, None)  # who was heard longest ago goes first
            self._seen[device] = int(now_s - silent_s)
        while len(self._seen) > DEVICES_MAX:
            del self._seen[next(iter(self._seen))]
        return bool(members)

    def _store(self, seen: dict[str, int]) -> None:
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


def _load(file: Path) -> dict[str, int]:
    """A file that is missing or damaged tells of nobody, and is written anew."""
    try:
        told = read_json(file.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    good = {
        device: at_s
        for device, at_s in told.items()
        if type(at_s) is int and 0 <= at_s < _TIME_S_MAX and _is_id(device)
    }
    return dict(list(good.items())[-DEVICES_MAX:])


def _is_id(device: str) -> bool:
    return len(device) == 16 and all(each in "0123456789abcdef" for each in device)
