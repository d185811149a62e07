"""One session of a badge on this machine: who it is, what it says, and how long."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pressel.transport.udp import Address

from .credential import Credential
from .keys import on_lines
from .volume import AS_IT_IS


@dataclass(frozen=True)
class Session:
    """`leader`: an address in numbers; `named`: as the person gave it. `speech`: what to say
    (int16, 16 kHz mono) before it leaves; `record`: file for what is heard; `seconds`: after how
    long it leaves; `has_keys`: Enter is the talk button; `say` gets each line; `again_s`: how much
    of what was heard is kept, to be heard again; `volume_percent`: at which it is played."""

    leader: Address
    named: Address
    name: str
    own: Credential
    speech: NDArray[np.int16] | None
    record: Path | None
    seconds: float | None
    has_keys: bool
    say: Callable[[str], None]
    again_s: float = 0.0
    volume_percent: int = AS_IT_IS

    async def until_first_of(
        self,
        jobs: list[Coroutine[Any, Any, None]],
        type_line: Callable[[str], None],
        usage: str,
    ) -> None:
        """Run until the first of `jobs` ends, the time is up, or the process is told to end."""
        told_to_end = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_end.set)
        if self.has_keys:
            with contextlib.suppress(PermissionError, ValueError):  # no terminal: no talk button
                on_lines(type_line)
                self.say(usage)
        jobs.append(_until(told_to_end))
        if self.seconds is not None:
            jobs.append(asyncio.sleep(self.seconds))
        tasks = [asyncio.ensure_future(job) for job in jobs]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)  # a recording is written only now, which may fail, too
        for task in tasks:
            if not task.cancelled():
                task.result()


async def _until(event: asyncio.Event) -> None:
    await event.wait()
