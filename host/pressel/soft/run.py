"""One session of a badge on this machine: soft, or the real firmware in a virtual badge."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pressel.audio.wav import write_wav
from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.errors import PresselError, UnreachableError
from pressel.node.priority import serve_first
from pressel.pack import build_firmware
from pressel.transport.udp import Address
from pressel.virtual import VirtualBadge, now_ms
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
    SoftBadge,
)
from .credential import Credential
from .keys import on_lines
from .sound import DeviceSound, FileSound
from .typed import HELP
from .words import describe

_VIRTUAL_HELP = "Enter to talk, Enter again when you have spoken"  # the firmware has no keyboard


@dataclass(frozen=True)
class Session:
    """`speech`: what to say (int16, 16 kHz mono), then leave; `record`: file for what is heard;
    `seconds`: leave after so long; `has_keys`: Enter is the talk button; `say` gets each line."""

    leader: Address
    name: str
    own: Credential
    speech: NDArray[np.int16] | None
    record: Path | None
    seconds: float | None
    has_keys: bool
    say: Callable[[str], None]


@dataclass(frozen=True)
class DeviceChoice:
    """Sound devices by name or number; None is the computer's own choice."""

    microphone: str | None
    speaker: str | None


async def run_soft(session: Session, devices: DeviceChoice) -> None:
    """A soft badge until its speech is said, its time is up, or it is interrupted."""
    is_file = session.speech is not None or session.record is not None
    files = FileSound(session.speech, session.record)
    sound = files if is_file else DeviceSound(devices.microphone, devices.speaker)

    def tell(kind: int, value: Any) -> None:
        line = describe(kind, value)
        if line:
            session.say(line)

    serve_first()
    async with SoftBadge(session.own, session.name, session.leader, sound, tell) as badge:
        jobs: list[Coroutine[Any, Any, None]] = [badge.carry_sound()]
        if session.speech is not None:
            jobs.append(badge.say(files))
        else:
            jobs.append(badge.explain(session.say))

        def type_line(line: str) -> None:
            said = badge.type_line(line)
            if said:
                session.say(said)

        await _first_to_end(session, jobs, type_line, HELP)


async def run_virtual(session: Session) -> None:
    """The firmware on real MicroPython, with a file for a microphone or none."""
    with tempfile.TemporaryDirectory(prefix="pressel-badge-") as folder:
        work = Path(folder)
        firmware = await asyncio.to_thread(build_firmware, work / "firmware")
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
            await _first_to_end(session, jobs, person.type_line, _VIRTUAL_HELP)
        finally:
            await badge.stop()
            if session.record:
                write_wav(session.record, badge.speaker.pcm)


async def _first_to_end(
    session: Session,
    jobs: list[Coroutine[Any, Any, None]],
    type_line: Callable[[str], None],
    usage: str,
) -> None:
    """Run until the first of `jobs` ends, the time is up, or the process is told to end."""
    told_to_end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_end.set)
    if session.has_keys:
        with contextlib.suppress(PermissionError, ValueError):  # no terminal: no talk button
            on_lines(type_line)
            session.say(usage)
    jobs.append(_until(told_to_end))
    if session.seconds is not None:
        jobs.append(asyncio.sleep(session.seconds))
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)  # a recording is written only now, and that may fail too
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _until(event: asyncio.Event) -> None:
    await event.wait()


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
