"""The limits of a child, so that none runs for ever."""

from __future__ import annotations

import contextlib
import resource


def limit_cpu(pid: int, limit_s: float) -> None:
    """Lets the kernel end a child that loops, even when its parent can no longer do so."""
    if hasattr(resource, "prlimit"):  # Linux
        seconds = int(limit_s) + 1
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds + 5))
