"""What a shift takes of a badge's cell, by the power model: published currents, and what firmware
does with radio, clock and amplifier."""

from __future__ import annotations

from pressel.boards.board import load_board
from pressel.power.estimate import estimate
from pressel.power.facts import parts, policies, shifts

BOARD = "waveshare-epaper-154"  # a finished one
POLICY = "awake"  # what the firmware does
SHIFT = "evening"
_CELL_MAH = 1000  # the goal; what a shift takes does not depend on it


def charge_mah() -> tuple[float, float]:
    """Of the cell that is enough: at best, and for certain."""
    found = estimate(load_board(BOARD), parts(), policies()[POLICY], shifts()[SHIFT], _CELL_MAH)
    return found.needed_mah
