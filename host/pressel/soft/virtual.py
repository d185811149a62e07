"""A session of a virtual badge: the real firmware on MicroPython."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pressel.audio.wav import write_wav
from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.errors import PresselError, UnreachableError
from pressel.node.priority import serve_first
from pressel.virtual import VirtualBadge, now_ms
from pressel.virtual.stock import stock_firmware
from ptt.base import events

from .badge import (
    DENIED,
    GRANT_LIMIT_S,
    JOIN_LIMIT_S,
    LISTEN_ON_S,
    NO_FLOOR,
    NO_LEADER,
    NOT_SENT,
    SENT_LIMIT_S,
)
from .session import Session
from .words import describe

_HELP = "Enter to talk, Enter again when you have spoken"  # the firmware has no keyboard


async def run_virtual(session: Session) -> None:
    """The firmware on real MicroPython, with a file for a microphone or none."""
    with tempfile.TemporaryDirectory(prefix="pressel-badge-") as folder:
        work = Path(folder)
        firmware = await asyncio.to_thread(stock_firmware, work / "firmware")
        host, port = session.leader
        badge = VirtualBadge(
            session.name,
            firmware=firmware,
            board=load_board(DEFAULT_BOARD).facts(),
            config={
                "device": session.own.device.hex(),
                "name": session.name,
                "leader": f"{host}:{port}",
                "wifi": {"ssid": "virtual", "password": ""},
            },
            key=session.own.key,
            work=work / "badge",
            limit_s=24 * 3600,
        )
        await badge.start()
        serve_first(badge.pid)
        try:
            person = _Person(badge, session)
            jobs: list[Coroutine[Any, Any, None]] = [person.read_log()]
            if session.speech is not None:
                jobs.append(person.say(session.speech))
            await session.until_first_of(jobs, person.type_line, _HELP)
        finally:
            await badge.stop()
            if session.record:
                write_wav(session.record, badge.speaker.pcm)


class _Person:
    """Presses a virtual badge's button and reads its log aloud."""

    def __init__(self, badge: VirtualBadge, session: Session) -> None:
        self._badge = badge
        self._say_line = session.say
        self._is_pressed = False
        self._is_denied = False
        self._happened = {name: asyncio.Event() for name in ("joined", "granted", "queued", "sent")}

    def type_line(self, line: str) -> None:
        """Enter is the talk button; the firmware has no keyboard for texts."""
        self._is_pressed = not self._is_pressed
        (self._badge.press if self._is_pressed else self._badge.release)()

    async def read_log(self) -> None:
        while True:
            event = await self._badge.events.get()
            if event["event"] == "log":
                self._read(event["line"])
            elif event["event"] == "ended":
                raise PresselError(f"the badge has ended (exit code {event['exit']})")

    def _read(self, line: str) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record = json.loads(line)
            if record["event"] in self._happened:
                self._happened[record["event"]].set()
            elif record["event"] == "denied":
                self._is_denied = True
                self._happened["granted"].set()  # whoever waits for it need wait no more
            if record["event"] in events.NAMES:
                words = describe(events.NAMES.index(record["event"]), record["value"])
                if words:
                    self._say_line(words)

    async def say(self, speech: NDArray[np.int16]) -> None:
        await self._wait("joined", JOIN_LIMIT_S, UnreachableError(NO_LEADER))
        self._badge.press()
        _, last_ms = await self._badge.speak(speech)
        await self._wait("granted", GRANT_LIMIT_S, PresselError(NO_FLOOR))
        if self._is_denied:
            raise PresselError(DENIED)
        if self._happened["queued"].is_set():
            _, last_ms = await self._badge.speak(speech)
        self._badge.release(last_ms)
        left_s = max(0.0, last_ms - now_ms()) / 1000
        await self._wait("sent", left_s + SENT_LIMIT_S, PresselError(NOT_SENT))
        await asyncio.sleep(LISTEN_ON_S)

    async def _wait(self, event: str, limit_s: float, otherwise: PresselError) -> None:
        try:
            await asyncio.wait_for(self._happened[event].wait(), limit_s)
        except TimeoutError:
            raise otherwise from None
