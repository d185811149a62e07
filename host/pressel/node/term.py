"""The leader's term on disk: it goes up with every start, also after the disk was lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pressel.errors import UsageError

_EPOCH_S = 1_735_689_600  # 2025-01-01 UTC
_TERM_MAX = 2**30 - 1  # by the clock reached in 2059


def next_term(folder: Path) -> int:
    """A term above all earlier ones, on disk before it is returned.

    It is at least the seconds since 2025, and nobody starts more often than that: a leader whose
    disk was replaced still ranks above its own past. With the file it goes up even when the clock
    was set back.
    """
    file = folder / "term"
    seconds = max(1, int(time.time()) - _EPOCH_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        last = int(file.read_text("ascii")) if file.exists() else 0
        term = max(last + 1, seconds)
        if not 0 < term <= _TERM_MAX:
            raise ValueError(f"term {last} in it is out of range")
        beside = file.with_suffix(".new")
        with beside.open("w", encoding="ascii") as out:
            out.write(f"{term}\n")
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except OSError as error:
        raise UsageError(f"cannot keep the leader's state in {folder}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file} is damaged ({error}); delete it and start again") from error
    return term
