"""What a host does besides answering: again and again, or once. Every chore is watched: if one
fails by a fault of ours, the host ends and says so."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


class Chores:
    """`on_fault` gets the exception with which a chore failed."""

    def __init__(self, on_fault: Callable[[BaseException], None]) -> None:
        self._on_fault = on_fault
        self._tasks: set[asyncio.Task[None]] = set()

    def repeat(self, chore: Callable[[int], Awaitable[None]], pause_s: float) -> None:
        """Call `chore` with 0, 1, 2 and so on, each `pause_s` after the last was done."""

        async def go_on() -> None:
            for number in itertools.count():
                await chore(number)
                await asyncio.sleep(pause_s)

        self.once(go_on())

    def once(self, chore: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(chore)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._on_fault(fault)
