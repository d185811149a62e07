"""A soft badge as a process of its own, whose sound is marks: what it does goes to a file, record
by record.

One JSON line with its facts comes in: "number", "device", "key", "leader" (address), "records"
(file), "boot" and "seed". It talks at random until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

from pressel.sim.world import record
from pressel.sim.world.people import marker
from pressel.soft.badge import SoftBadge
from pressel.soft.credential import Credential
from pressel.soft.sound import Heard, Wanted
from ptt.base import events
from ptt.base.numbers import FRAME_MS
from ptt.base.prng import Prng

HOLD_MS = (3000, 7000)
PAUSE_MS = (200, 1500)
UTTERANCES_A_BOOT = 100
WAITS_S = 20.0  # for the floor, with a pressed button
_FRAME_S = FRAME_MS / 1000
_STOOD_STILL_S = 0.3  # a sound card has thrown away what was older


class Book:
    """Each record is in the file before the next thing happens: a killed process has told all."""

    def __init__(self, path: str, number: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._number = number

    def note(self, at_s: float, kind: int, a: int, b: int = 0, detail: Any = None) -> None:
        line = json.dumps((int(at_s * 1_000_000), kind, self._number, a, b, detail))
        os.write(self._file, line.encode() + b"\n")


class Marks:
    """A microphone that hears marks while its person talks, and a speaker that reads them."""

    def __init__(self, book: Book, number: int, boot: int) -> None:
        self._book = book
        self._number = number
        self.utterance = boot * UTTERANCES_A_BOOT
        self._frame = 0
        self.is_said = False

    def begin(self) -> None:
        self.utterance += 1
        self._frame = 0
        self.is_said = True
        self._book.note(time.monotonic(), record.PRESSED, self.utterance)

    def end(self) -> None:
        if self.is_said:
            self.is_said = False
            self._book.note(time.monotonic(), record.LET_GO, self.utterance)

    async def run(self, heard: Heard, wanted: Wanted) -> None:
        due_s = time.monotonic()
        while True:
            heard(self._spoken(due_s))
            coder = marker.CODER
            coder.heard = -1
            is_played = wanted() is not None and coder.heard >= 0
            if is_played and marker.talker_of(coder.heard) != marker.SILENCE:
                self._book.note(due_s, record.PLAYED, coder.heard)
            due_s += _FRAME_S
            now_s = time.monotonic()
            if now_s - due_s > _STOOD_STILL_S:
                due_s = now_s
            await asyncio.sleep(max(0.0, due_s - now_s))

    def _spoken(self, due_s: float) -> Any:
        if not self.is_said:
            return marker.spoken(marker.SILENCE, 0, 0)
        start_us = int((due_s - _FRAME_S) * 1_000_000)
        self._book.note(due_s, record.SPOKEN, self.utterance, self._frame, start_us)
        self._frame += 1
        return marker.spoken(self._number, self.utterance, self._frame - 1)


class Talker:
    """Somebody who presses again and again, and waits for the floor before saying anything."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._book = Book(facts["records"], facts["number"])
        self._prng = Prng(facts["seed"])
        self._sound = Marks(self._book, facts["number"], facts["boot"])
        own = Credential(bytes.fromhex(facts["device"]), bytes.fromhex(facts["key"]))
        leader = (facts["leader"][0], facts["leader"][1])
        name = f"B{facts['number']}"
        self._badge = SoftBadge(own, name, leader, self._sound, self._tell)
        self._is_talking = False
        self._is_refused = False  # since the press
        self._book.note(time.monotonic(), record.STARTED, 1 if facts["boot"] else 0)

    async def run(self) -> None:
        async with self._badge:
            carrying = asyncio.create_task(self._badge.carry_sound())
            while not carrying.done():
                await asyncio.sleep(self._between(PAUSE_MS))
                self._is_refused = False
                self._badge.press()
                await self._until_over(self._between(HOLD_MS))
                self._sound.end()
                self._badge.release()
            carrying.result()

    async def _until_over(self, hold_s: float) -> None:
        """The button is down: so long from the grant on, or until there is none. Who is refused
        lets go, as a person does whose badge says so."""
        end_s = time.monotonic() + WAITS_S
        while time.monotonic() < end_s and not self._is_refused:
            await asyncio.sleep(0.02)
            may_talk = self._badge.participant.floor.may_send()
            if may_talk != self._is_talking:
                self._is_talking = may_talk
                self._book.note(time.monotonic(), record.TALKING, int(may_talk))
                if not may_talk:
                    return
                end_s = time.monotonic() + hold_s
                self._sound.begin()

    def _between(self, range_ms: tuple[int, int]) -> float:
        low, high = range_ms
        return (low + self._prng.below(high - low)) / 1000

    def _tell(self, kind: int, value: Any) -> None:
        detail = list(value) if isinstance(value, tuple) else value
        if not isinstance(detail, (int, list, type(None))) or not _is_plain(detail):
            detail = None
        self._book.note(time.monotonic(), record.EVENT, kind, 0, detail)
        if kind in (events.DENIED, events.REVOKED, events.LOST) and not self._is_talking:
            self._is_refused = True
        if kind in (events.LOST, events.REVOKED, events.SENT) and self._is_talking:
            may_talk = self._badge.participant.floor.may_send()
            if not may_talk:
                self._is_talking = False
                self._is_refused = True  # there is nothing more to hold the button for
                self._sound.end()
                self._book.note(time.monotonic(), record.TALKING, 0)


def _is_plain(detail: Any) -> bool:
    return not isinstance(detail, list) or all(isinstance(each, int) for each in detail)


def main() -> None:
    facts = json.loads(sys.stdin.readline())
    marker.install()
    asyncio.run(Talker(facts).run())


if __name__ == "__main__":
    main()
