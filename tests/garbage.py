"""When garbage is collected: seldom, never among what pytest itself keeps, and not while it reports
a failure."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

# Objects more than were freed, before the young ones are looked at; and how often before the older
# ones are. Python's 700, 10 and 10 take a sixth of the time of simulated worlds.
_THRESHOLDS = (20_000, 20, 20)


class GarbagePlugin:
    """For tests that make many objects, and for reports that parse sources."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        """The modules and items of all tests stay to the end: no collection walks through them."""
        gc.disable()
        try:
            return (yield)
        finally:
            gc.freeze()
            gc.set_threshold(*_THRESHOLDS)
            gc.enable()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]):
        """Of a failure pytest parses the sources. Python 3.11 cannot when it collects garbage
        meanwhile, and pytest parses again to report what that garbage complains of: a process that
        the failed test has left, for one."""
        if call.excinfo is None:
            return (yield)
        gc.collect()
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return (yield)
        finally:
            if was_enabled:
                gc.enable()
