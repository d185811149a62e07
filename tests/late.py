"""Tests in real time on a busy machine: what fails because a process was not served says nothing
about us. Such a test, marked `e2e` or among those of commands and of flashing, runs anew, and once
more when the others are done (`tests/run.py`); a fault of ours comes again."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pressel.report.targets import TARGETS

FILE = "PRESSEL_TEST_FAILED"  # variable that names the file to write failures to
RERUNS = 1  # at once; the machine may be as busy still
_TICK_S = 0.005
_SHORT_S = 0.1  # the system counts in steps of 10 ms
_REASON_MAX = 400  # characters of a line
_IDLE_SHARE_MIN = 0.15  # of all cores; with less, processes wait for each other


class LateWatch:
    """How busy the machine is: by a thread that only sleeps and looks how late it woke, and by how
    little the cores rested. Who sleeps is served first, so the thread alone would not notice that
    those wait who have much to do."""

    def __init__(self) -> None:
        self.late_ms_max = 0.0
        self._at_first = psutil.cpu_times()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def is_machine_late(self) -> bool:
        return self.late_ms_max > TARGETS.machine_lag_ms or self.idle_share < _IDLE_SHARE_MIN

    @property
    def idle_share(self) -> float:
        """Of the time of all cores since the beginning; 1 when hardly any has passed. Who waits for
        a disk leaves a core to others."""
        now = psutil.cpu_times()
        spent_s = sum(now) - sum(self._at_first)
        rested_s = _rested_s(now) - _rested_s(self._at_first)
        return rested_s / spent_s if spent_s > _SHORT_S else 1.0

    def _watch(self) -> None:
        while not self._is_over.is_set():
            due_s = time.monotonic() + _TICK_S
            time.sleep(_TICK_S)
            self.late_ms_max = max(self.late_ms_max, (time.monotonic() - due_s) * 1000)


def _rested_s(times: Any) -> float:
    return times.idle + getattr(times, "iowait", 0.0)  # which not every system tells


def _waits(item: pytest.Item) -> bool:
    """Whether it depends on other processes being served in time: an emulated badge is one, too."""
    is_beside = item.path.parent.name in ("e2e", "flash")
    return is_beside or item.get_closest_marker("e2e") is not None


class LatePlugin:
    """Watches the machine while a test in real time runs."""

    def __init__(self) -> None:
        self._watch: LateWatch | None = None
        self._failed: dict[str, bool] = {}  # by test: whether the machine was late

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

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        report = yield
        report.was_late = self.was_machine_late()  # travels with the report
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            was_late = self._failed.get(report.nodeid, True) and getattr(report, "was_late", False)
            self._failed[report.nodeid] = was_late

    def pytest_runtest_logfinish(self) -> None:
        self._end()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Why each ran anew: what comes often is a fault that hides here."""
        for report in terminalreporter.getreports("rerun"):
            why = getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longrepr)
            first = str(why).strip().partition("\n")[0]
            terminalreporter.write_line(f"ran anew: {report.nodeid}: {first}"[:_REASON_MAX])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if FILE in os.environ and not hasattr(session.config, "workerinput"):
            Path(os.environ[FILE]).write_text(json.dumps(self._failed), "utf-8")

    def was_machine_late(self) -> bool:
        """While the last test ran."""
        return self._watch is not None and self._watch.is_machine_late

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.end()
            self._watch = None
