"""Garbage is collected before pytest reports a failure, and not meanwhile."""

from __future__ import annotations

import gc

import pytest


class GarbagePlugin:
    """For reports that parse sources."""

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
