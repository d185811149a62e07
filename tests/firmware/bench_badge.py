"""`make bench-badge`: what the Python around a frame costs a badge, counted where it can be.

The real handset runs its script (`tests.firmware.hour`) in the build of MicroPython that has
sys.settrace, and each instruction of bytecode is counted while the badge talks, listens or rests.
What is native code on a badge is counted by its calls, each weighted by its budget in
`tests/native`. Time is told as a ratio to a loop that is always the same, in the same run:
`tests.budgets.badge`.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.budgets import badge
from tests.firmware.hour import run_cycles
from tests.native import bench

CYCLES = 2  # of 20 s: in the first the badge joins, in the second it talks, listens and rests
HEAP_BYTES = (
    2_000_000  # a trace makes garbage for each instruction; a large heap takes long to sweep
)
FRAME_MS = 20
MACHINE = "xtensawin"

# Of commit 4168882, which polled every 5 ms, by this same count; its worth in instructions of
# MicroPython for x86-64 was 755,000 (listen), 782,000 (talk) and 525,000 (idle).
BEFORE = {"idle": 4_479, "listen": 7_046, "talk": 6_924}

TRUST_MAX = 115_000  # instructions a frame with voice: tag, cipher and verification together
# Worth of each in instructions of a chip, reckoned, not measured there. A bytecode: by the worth of
# `BEFORE`, 107 to 117 on x86-64. A block as by software, though an ESP32 has hardware for both:
# SHA-256 has 64 rounds of 48 and 48 words of 26, AES-128 ten rounds of 110; the rest is to spare.
BYTECODE_INSTRUCTIONS = 120
SHA_BLOCK_INSTRUCTIONS = 5_000
AES_BLOCK_INSTRUCTIONS = 1_500

# How many times fewer than `BEFORE` a frame may take: by the same worth, 300,000 instructions
# listening and talking, 100,000 idle. A core at 160 MHz has 1,600,000 for both, coders among them.
GOALS = {"idle": 5.2, "listen": 2.5, "talk": 2.6}

# No more than these may a frame take: what was reached, and a little. Which of the badge's own
# reports fall into the frames that are counted moves listening by 80.
BUDGETS = {"idle": 800, "listen": 2_818, "talk": 2_480}


@dataclass(frozen=True)
class Trust:
    """What tag, cipher and verification take of 20 ms: instructions of bytecode, and blocks that
    are hashed and encrypted."""

    bytecodes: float
    sha_blocks: float
    aes_blocks: float

    def instructions(self, xors: float) -> float:
        """Of a chip, all of it in software; `xors`: frames that a key stream is laid over."""
        return (
            self.bytecodes * BYTECODE_INSTRUCTIONS
            + self.sha_blocks * SHA_BLOCK_INSTRUCTIONS
            + self.aes_blocks * AES_BLOCK_INSTRUCTIONS
            + xors * bench.budgets()["xor"][MACHINE]
        )


@dataclass(frozen=True)
class Frame:
    """What 20 ms take: instructions of bytecode, calls of Python functions, steps, calls of
    native functions by name, and what of it is for trust."""

    bytecodes: float
    calls: float
    steps: float
    natives: dict[str, float]
    trust: Trust

    @property
    def trust_instructions(self) -> float:
        """Those of the chip for tag, cipher and verification, see `Trust`."""
        return self.trust.instructions(self.natives.get("xor", 0))

    @property
    def native_instructions(self) -> float:
        """Those of the chip, as `tests/native` counts them."""
        budgets = bench.budgets()
        return sum(budgets[name][MACHINE] * calls for name, calls in self.natives.items())


def count_frames(cycles: int = CYCLES) -> dict[str, Frame]:
    """By what the badge does: idle, listen, talk."""
    with tempfile.TemporaryDirectory(prefix="pressel-bench-") as work:
        found = run_cycles(cycles, Path(work), heap_bytes=HEAP_BYTES, measure="count")
    return {what: _frame(figures) for what, figures in found.items() if figures[0]}


def _frame(figures: list[Any]) -> Frame:
    ms, steps, bytecodes, calls, natives, trust = figures
    frames = ms / FRAME_MS
    return Frame(
        bytecodes / frames,
        calls / frames,
        steps / frames,
        {name: count / frames for name, count in natives.items() if count},
        Trust(*(count / frames for count in trust)),
    )


def main() -> None:
    talk, listen = badge.frame_ratios()
    loops = {"talk": f"{talk:.2f}", "listen": f"{listen:.2f}"}
    print(
        "| a frame (20 ms) | bytecodes | of before | budget | calls | native instructions "
        "| for trust | loops |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for what, frame in sorted(count_frames().items()):
        print(
            f"| {what} | {frame.bytecodes:,.0f} | 1/{BEFORE[what] / frame.bytecodes:.2f} "
            f"| {BUDGETS[what]:,} | {frame.calls:.0f} | {frame.native_instructions:,.0f} "
            f"| {frame.trust_instructions:,.0f} | {loops.get(what, '')} |"
        )


if __name__ == "__main__":
    main()
