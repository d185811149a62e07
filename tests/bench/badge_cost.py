"""`python -m tests.bench.badge_cost`: what 20 ms of voice may take of a badge.

Nothing is measured here: figures are of the budgets that tests keep (`firmware/native/budget.toml`)
and of the newest row of docs/reports/budgets.jsonl.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from tests.native.bench import BUDGET

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "docs" / "reports" / "budgets.jsonl"
CLOCKS_MHZ = (240, 160)  # of an ESP32 and ESP32-S3, of an ESP32-C3
MACHINES = {240: "xtensawin", 160: "rv32imc"}
_FRAMES_A_SECOND = 50
_INSTEAD = {"ima_encode_shaped": "g722_encode", "ima_decode": "g722_decode"}  # by the best badge
_NAMES = {
    "microphone_to_radio": "microphone to radio",
    "microphone_with_room_to_radio": "the same, levelled",
    "radio_to_loudspeaker": "radio to loudspeaker",
    "radio_to_smooth_loudspeaker": "the same, smooth: a period is sought",
}
_FIGURES = {
    "badge_live_bytes": "bytes that live at most, of 111,000",
    "badge_peak_bytes": "bytes in use at most",
    "battery_least_mah": "an evening's 10 hours, at best, mAh",
    "battery_most_mah": "the same, for certain, mAh",
}


def instructions() -> list[str]:
    """Lines of Markdown."""
    rows = [
        "| 20 ms of | IMA-ADPCM: instructions | of 240 MHz | of 160 MHz | G.722: instructions"
        " | of 240 MHz |",
        "|---|" + "--:|" * 5,
    ]
    budget = tomllib.loads(BUDGET.read_text("utf-8"))
    for path, steps in budget["paths"].items():
        ima = {mhz: _total(budget, steps, MACHINES[mhz], {}) for mhz in CLOCKS_MHZ}
        g722 = _total(budget, steps, MACHINES[240], _INSTEAD)
        cells = [f"{ima[240]:,}", *(_share(ima[mhz], mhz) for mhz in CLOCKS_MHZ)]
        cells += [f"{g722:,}", _share(g722, 240)]
        rows.append(f"| {_NAMES[path]} | {' | '.join(cells)} |")
    return rows


def _total(
    budget: dict, steps: list[tuple[str, int]], machine: str, instead: dict[str, str]
) -> int:
    allowed = budget["instructions"]
    return sum(allowed[instead.get(name, name)][machine] * calls for name, calls in steps)


def _share(instructions: int, mhz: int) -> str:
    return f"{100 * instructions * _FRAMES_A_SECOND / (mhz * 1_000_000):.0f} %"


def memory_and_battery() -> list[str]:
    """Lines of Markdown."""
    newest = json.loads(ROWS.read_text("utf-8").splitlines()[-1])
    rows = [f"| at commit {newest['commit']} | |", "|---|--:|"]
    figures = newest["figures"]
    return rows + [
        f"| {text} | {figures[name]:,.0f} |" for name, text in _FIGURES.items() if name in figures
    ]


def table() -> list[str]:
    return [*instructions(), "", *memory_and_battery()]


if __name__ == "__main__":
    print("\n".join(table()))
