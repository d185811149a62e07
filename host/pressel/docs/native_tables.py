"""The native functions as a Markdown table: how many instructions they take at most, and how large
they are."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path

from pressel.pack import build_firmware
from pressel.tree import ROOT

_BUDGET = ROOT / "firmware" / "native" / "budget.toml"
_FRAME_CYCLES = 4_800_000  # 20 ms at 240 MHz, one instruction a cycle
_MACHINES = ("xtensawin", "rv32imc")


def budgets(_: str) -> str:
    """One row a function: the most instructions that a call takes, and what share of a core that
    is."""
    lines = ["| function | Xtensa | RISC-V | of 240 MHz |", "|---|--:|--:|--:|"]
    for name, most in tomllib.loads(_BUDGET.read_text("utf-8"))["instructions"].items():
        counts = [most[machine] for machine in _MACHINES]
        cells = [f"{count:,}" for count in counts]
        lines.append(f"| `{name}` | {' | '.join(cells)} | {max(counts) / _FRAME_CYCLES:.1%} |")
    return "\n".join(lines)


def sizes(_: str) -> str:
    """One row a module: the bytes of its .mpy file for each architecture."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for machine in _MACHINES:
            for file in build_firmware(Path(folder) / machine, architecture=machine).files:
                if file.path.startswith("a/native/") and "__init__" not in file.path:
                    found.setdefault(Path(file.path).stem, []).append(f"{file.bytes:,}")
    lines = ["| module | Xtensa, bytes | RISC-V, bytes |", "|---|--:|--:|"]
    return "\n".join([*lines, *(f"| `{name}` | {' | '.join(b)} |" for name, b in found.items())])
