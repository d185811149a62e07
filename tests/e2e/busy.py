"""Sound on a busy machine: what is lost because a process was not served says nothing about us."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from pressel.report.targets import TARGETS

TRIES = 3
_TICK_S = 0.005


class LateWatch:
    """A thread that only sleeps; how late it woke tells how busy the machine is."""

    def __init__(self) -> None:
        self.late_ms_max = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> LateWatch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def is_machine_late(self) -> bool:
        return self.late_ms_max > TARGETS.machine_lag_ms

    def _watch(self) -> None:
        while not self._is_over.is_set():
            due_s = time.monotonic() + _TICK_S
            time.sleep(_TICK_S)
            self.late_ms_max = max(self.late_ms_max, (time.monotonic() - due_s) * 1000)


def without_faults(scenario: Callable[[Path], Coroutine[Any, Any, list[str]]], work: Path) -> None:
    """Run `scenario` in a folder of its own; it returns what was wrong with the sound. If that is
    something and the machine was late itself, run it anew: a fault of ours comes again."""
    found: list[str] = []
    for attempt in range(TRIES):
        folder = work.with_name(f"{work.name}-{attempt}")  # beside the firmware, which is kept
        folder.mkdir()
        with LateWatch() as watch:
            found = asyncio.run(scenario(folder))
        if not found or not watch.is_machine_late:
            break
    assert found == []
