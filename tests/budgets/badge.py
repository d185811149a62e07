"""What a badge needs: memory over talk, and its step beside a loop that is always the same, both on
MicroPython with a badge's heap."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.firmware.hour import HOUR_LIMIT_S, STEPS_A_FRAME, run_cycles
from tests.firmware.seal_share import ROOM_BYTES

from pressel.virtual.stepped.heap import HEAP_BYTES

MEMORY_CYCLES = 23  # of 20 s, as `make memory`: every press and fault comes in the first 20
STEP_CYCLES = 8  # the first 100 turns of 320 ms warm the machine up


def memory_bytes(cycles: int = MEMORY_CYCLES) -> tuple[int, int]:
    """The most that lives after a press, and the most memory that was ever in use."""
    with tempfile.TemporaryDirectory(prefix="pressel-budgets-") as work:
        figures = run_cycles(cycles, Path(work), limit_s=HOUR_LIMIT_S)
    return figures["live_most"], figures["peak"]


def frame_ratios(cycles: int = STEP_CYCLES) -> tuple[float, float]:
    """The steps of a 20 ms frame, talking and listening, in loops of `_seal.py`."""
    with tempfile.TemporaryDirectory(prefix="pressel-budgets-") as work:
        pairs_us = run_cycles(
            cycles,
            Path(work),
            limit_s=HOUR_LIMIT_S,
            heap_bytes=HEAP_BYTES + ROOM_BYTES,
            measure="seal",
        )
    talk, listen = (
        statistics.median(whole / loop for whole, _, loop in pairs_us[what]) * STEPS_A_FRAME
        for what in ("talk", "listen")
    )
    return talk, listen
