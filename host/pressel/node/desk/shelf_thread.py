"""The shelf of recordings, in a thread of its own: the desk's thread would write while all talk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pressel.recordings.shelf import FILE, Shelf

T = TypeVar("T")


class ShelfThread:
    """The shelf in folder `state`, which is made when something is to be kept."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._thread = ThreadPoolExecutor(1, "recordings")
        self._shelf: Shelf | None = None

    def exists(self) -> bool:
        return (self._state / FILE).exists()

    @property
    def trouble(self) -> str:
        """What is wrong with the shelf, in words; empty while nothing is."""
        return self._shelf.trouble if self._shelf is not None else ""

    async def ask(self, act: Callable[[Shelf], T], *, makes: bool = False) -> T | None:
        """What `act` makes of the shelf; None where there is no shelf, unless it `makes` one."""

        def run() -> T | None:
            if self._shelf is None:
                if not makes and not self.exists():
                    return None
                self._shelf = Shelf(self._state)
            return act(self._shelf)

        return await self._run(run)

    async def close(self) -> None:
        """What was asked for is on disk when this returns."""
        if self._shelf is not None:
            await self._run(self._shelf.close)
        self._thread.shutdown(wait=False)

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
