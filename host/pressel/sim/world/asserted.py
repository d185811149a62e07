"""Where an engine's own assertion failed, for code that runs engines to find faults."""

from __future__ import annotations

import traceback
from pathlib import Path


def failed_at(error: AssertionError) -> str:
    """Such as `arbitrator.py:310: two bursts under one lease`."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"{where}: {error or frame.line}"
