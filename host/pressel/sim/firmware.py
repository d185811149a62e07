"""Seeded runs in which some participants are the firmware itself, on real MicroPython."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stock import stock_firmware

from .workers import interpreter, run_specs


def run_with_firmware(spec: Mapping[str, Any], badges: int) -> dict[str, Any]:
    """The result of one run whose last `badges` participants are the firmware.

    Its "firmware" says what that cost. Raises PresselError without Node."""
    with tempfile.TemporaryDirectory(prefix="pressel-firmware-") as name:
        work = Path(name)
        facts = {
            "kit": str(work / "kit.json"),
            "firmware": str(stock_firmware(work / "firmware").folder),
            "board": load_board(DEFAULT_BOARD).facts(),
            "work": str(work / "badges"),
        }
        make_kit(work).save(Path(facts["kit"]))
        whole = {**spec, "virtual_badges": badges, "firmware": facts}
        # One run: PyPy would only be warm when it is over.
        ((_, result),) = run_specs([whole], interpreter("cpython"), 1)
        return result
