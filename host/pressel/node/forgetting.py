"""Names of people that a host forgets when the days are over for which the venue keeps them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.registry.store import Registry

LOOK_S = 3600.0  # names are kept for days
_DAY_S = 86_400


class Forgetting:
    """Of the registry in `state`; `now_s` is the clock, `passed_s` another that nobody sets."""

    def __init__(
        self,
        state: Path,
        days: int,
        in_thread: Callable[..., Awaitable[Any]],
        now_s: Callable[[], float] = time.time,
        passed_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._days = days
        self._in_thread = in_thread
        self._now_s = now_s
        self._passed_s = passed_s
        self._began_s = now_s() - passed_s()

    async def look(self, number: int) -> None:
        # What keeps the registry from being written is told by whoever writes something new.
        with contextlib.suppress(PresselError, OSError):
            await self._in_thread(self._forget)

    def _forget(self) -> int:
        """A clock that was set ahead while the host ran is not believed: what is gone is gone."""
        now_s = min(self._now_s(), self._began_s + self._passed_s())
        with Registry(self._state) as registry:
            return registry.forget_people(int(now_s) - self._days * _DAY_S, self._days)
