"""How long a test waits for another process or thread: long enough that no busy machine breaks
it."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 300.0  # for what takes seconds on an idle machine; nothing is measured by it
_LOOK_S = 0.05


def wait_for(is_so: Callable[[], object], what: str) -> None:
    """Wait for something that nobody tells us about."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited {PATIENCE_S:g} s for {what}"
        time.sleep(_LOOK_S)
