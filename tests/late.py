"""Tests in real time on a busy machine: what fails because a process was not served says nothing
about us. Such a test, marked `e2e` or one of flashing, runs anew; a fault of ours comes again."""

from __future__ import annotations

import threading
import time

import pytest

from pressel.report.targets import TARGETS

RERUNS = 2
_TICK_S = 0.005


class LateWatch:
    """A thread that only sleeps; how late it woke tells how busy the machine is."""

    def __init__(self) -> None:
        self.late_ms_max = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
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


def _waits(item: pytest.Item) -> bool:
    """Whether it depends on other processes being served in time: an emulated badge is one, too."""
    return item.get_closest_marker("e2e") is not None or item.path.parent.name == "flash"


class LatePlugin:
    """Watches the machine while a test in real time runs."""

    def __init__(self) -> None:
        self._watch: LateWatch | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        anew = pytest.mark.flaky(reruns=RERUNS, condition=self.was_machine_late)
        for item in items:
            if _waits(item):
                item.add_marker(anew)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item):
        if _waits(item):
            self._end()
            self._watch = LateWatch()
        return (yield)

    def pytest_runtest_logfinish(self) -> None:
        self._end()

    def was_machine_late(self) -> bool:
        """While the last test ran."""
        return self._watch is not None and self._watch.is_machine_late

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.end()
            self._watch = None
