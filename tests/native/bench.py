"""`python -m tests.native.bench`: instructions that native functions take a frame, on each machine.

Counted, not timed: QEMU tells of each block of instructions that it runs. A share is of a
core that does one a cycle, as the target is defined; how many cycles a chip takes for them has
not been measured.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pressel.pack import build_firmware

from .cases import CASES, SOURCES, Case, load
from .machines import RV32IMC, XTENSAWIN, Machine

BUDGET = SOURCES / "budget.toml"
COUNTED = (XTENSAWIN, RV32IMC)  # those that badges have
CPU_HZ = 240_000_000  # of an ESP32 and ESP32-S3; an ESP32-C3 has 160 MHz
FRAMES_A_SECOND = 50
CYCLES_A_FRAME = CPU_HZ // FRAMES_A_SECOND
SHARE_MAX = 0.20  # of a core, for all that a frame needs: see the targets


@dataclass(frozen=True)
class Count:
    """Instructions of one call or, of the coders, one frame."""

    case: Case
    machine: Machine
    most: int
    mean: int

    @property
    def share(self) -> float:
        """Of a 240 MHz core, at fifty frames a second."""
        return self.most / CYCLES_A_FRAME


def count(case: Case, machine: Machine, build: Path) -> Count:
    """Over all frames of the case; those that make the functions work hardest are among them."""
    program, _ = load(case, machine, build)
    case.prepare(program)
    calls = program.count()
    size = case.calls_a_frame
    frames = [sum(calls[at : at + size]) for at in range(0, len(calls), size)]
    return Count(case, machine, max(frames), sum(frames) // len(frames))


def budgets() -> dict[str, dict[str, int]]:
    """The most instructions that each function may take, by function and machine."""
    return tomllib.loads(BUDGET.read_text("utf-8"))["instructions"]


def missing() -> str | None:
    """Why nothing can be counted here."""
    for machine in COUNTED:
        if not shutil.which(machine.emulator[0]):
            return f"{machine.emulator[0]} is not installed (Debian: qemu-user)"
    return None


def main() -> int:
    reason = missing()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    allowed = budgets()
    print(f"{'function':18} {'machine':10} {'most':>8} {'mean':>8} {'budget':>8}  of 240 MHz")
    exit_code = 0
    with tempfile.TemporaryDirectory() as folder:
        for machine in COUNTED:
            build = build_firmware(Path(folder) / machine.name, architecture=machine.name).folder
            for case in CASES:
                found = count(case, machine, build)
                budget = allowed.get(case.name, {}).get(machine.name, 0)
                over = "" if found.most <= budget else "  OVER"
                exit_code |= bool(over)
                print(
                    f"{case.name:18} {machine.name:10} {found.most:8} {found.mean:8} {budget:8}"
                    f"  {found.share:6.1%}{over}",
                    flush=True,
                )
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
