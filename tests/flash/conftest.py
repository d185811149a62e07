"""Flashing tests run one after the other: the system gives a terminal's number to the next one as
soon as it is free, and a flashing that looks whether its badge is back would find another test's.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Held by one test of all workers, whose folders lie beside each other."""
    with (tmp_path_factory.getbasetemp().parent / "ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
