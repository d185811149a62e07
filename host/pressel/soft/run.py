"""A session of a soft badge: our engines with this machine's sound."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from pressel.node.priority import serve_first
from ptt.microphone.conditioner import Conditioner

from .badge import SoftBadge
from .session import Session
from .sound import DeviceSound, FileSound
from .thrown_out import ThrownOut
from .typed import HELP
from .words import describe


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
        for line in (
            describe(kind, value, badge.names.of),
            thrown_out.take(kind, value, time.monotonic()),
        ):
            if line:
                session.say(line)

    serve_first()
    thrown_out = ThrownOut()
    conditioner = None if is_file else Conditioner()  # a file is as somebody wanted it
    badge = SoftBadge(
        session.own, session.name, session.leader, sound, tell, session.say, conditioner,
        session.again_s, session.volume_percent,
    )  # fmt: skip
    async with badge:
        jobs: list[Coroutine[Any, Any, None]] = [badge.carry_sound(), badge.follow(session.named)]
        if session.speech is not None:
            jobs.append(badge.say(files))
        else:
            jobs.append(badge.explain(session.say))

        def type_line(line: str) -> None:
            said = badge.type_line(line)
            if said:
                session.say(said)

        await session.until_first_of(jobs, type_line, HELP)
