"""Names of people that a host forgets when the days are over for which the venue keeps them.

Before people.names_days was a setting of the venue, each host was configured with host.names_days.
Such a line goes on to hold on its host while the venue says nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.registry.store import Registry

LOOK_S = 600.0  # names are kept for days, and who sets fewer sees what comes of it soon
_DAY_S = 86_400


def days_kept(venue: int | None, own: int | None) -> int:
    """For how many days names are kept, 0: for ever. `venue`: what its setting says, None while
    nobody leads; `own`: what this host was configured with."""
    if venue is None:
        return 0
    return venue or own or 0


class Forgetting:
    """Of the registry in `state`; `days` says for how many names are kept, 0 for ever; `now_s` is
    the clock, `passed_s` another that nobody sets."""

    def __init__(
        self,
        state: Path,
        days: Callable[[], int],
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
        days = self._days()
        if days > 0:
            with contextlib.suppress(PresselError, OSError):
                await self._in_thread(self._forget, days)

    def _forget(self, days: int) -> int:
        """A clock that was set ahead while the host ran is not believed: what is gone is gone."""
        now_s = min(self._now_s(), self._began_s + self._passed_s())
        with Registry(self._state) as registry:
            return registry.forget_people(int(now_s) - days * _DAY_S, days)
