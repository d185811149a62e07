"""Voice before other work: processes that carry it ask the system to be served first.

Measured beside four busy processes on two cores: a 5 ms sleep came 23 ms late at worst as an
ordinary process, 15 ms with a raised nice value, 0.2 ms as a real-time one.
"""

from __future__ import annotations

import contextlib
import os

_REALTIME_PRIORITY = 5  # low among real-time processes: above all ordinary work is enough
_NICE = -10  # the second best, where real time is not allowed


def serve_first(pid: int | None = None) -> None:
    """Raise the priority of every thread of process `pid` (None: this one), if allowed to."""
    process = os.getpid() if pid is None else pid
    for thread in _threads(process):
        with contextlib.suppress(OSError, AttributeError):  # not every system has real time
            os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(_REALTIME_PRIORITY))
            continue
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, _NICE)


def _threads(process: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{process}/task")]
    except OSError:  # no /proc: the process itself is all that can be named
        return [process]
