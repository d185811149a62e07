"""Flashing tests run one after the other: the system gives a terminal's number to the next one as
soon as it is free, and a flashing that looks whether its badge is back would find another test's.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def ports() -> Iterator[None]:
    """Held by one test of this user: those in real time run in a pytest of their own, beside."""
    with Path(tempfile.gettempdir(), f"pressel-ports-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
