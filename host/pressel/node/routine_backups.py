"""Backups that a host makes by itself, again and again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.registry.shelf import Shelf

from .report import Report

LOOK_S = 60.0  # a backup that is a minute late is no loss
_HOUR_S = 3600.0


class RoutineBackups:
    """`folder`: where they go; `every_h`: hours between two; `keep`: so many stay. What fails is
    said once and tried again."""

    def __init__(
        self,
        state: Path,
        folder: Path,
        every_h: int,
        keep: int,
        in_thread: Callable[..., Awaitable[Any]],
        report: Report,
    ) -> None:
        self._state = state
        self._shelf = Shelf(folder, keep)
        self._every_s = every_h * _HOUR_S
        self._in_thread = in_thread
        self._report = report
        self._told = ""

    async def look(self, number: int) -> None:
        advice = ""
        try:
            made = await self._in_thread(self._add_when_due)
        except (PresselError, OSError) as error:
            advice = str(error)
        else:
            if made is not None:
                file, devices = made
                self._report("backed_up", {"file": str(file), "devices": devices})
        if advice and advice != self._told:
            self._report("backup_failed", {"advice": advice})
        self._told = advice

    def _add_when_due(self) -> tuple[Path, int] | None:
        now_s = time.time()
        age_s = self._shelf.age_s(now_s)
        if age_s is not None and age_s < self._every_s:
            return None
        return self._shelf.add(self._state, now_s)
