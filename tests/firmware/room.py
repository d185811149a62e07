"""What each feature and option takes of a badge's heap: `python -m tests.firmware.room` prints it,
with `--record` it goes to boards/heap.json, from which builds choose what fits a chip.

Measured in the hour's first minute of talk (`tests.firmware.hour`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tests.firmware.hour import run_cycles

from pressel.boards.heap import measured, measured_path
from pressel.pack.packing import PACKINGS
from pressel.schema.features import badge_features, without_needy
from ptt.proof.prover import HELD_BYTES_MAX

CYCLES = 2  # talk that is granted, and bursts with losses
NAME_BYTES = 7  # of a table of names: pointer, hash and length
HEAP_BYTES = 200_000  # what does not fit a badge's heap is measured, too
PARTS: dict[str, dict[str, Any]] = {  # of a board that has the part, see boards/schema.py
    "side_button": {"pin": 18, "active_low": True},
    "battery": {
        "pin": 4, "scale_permille": 2000, "empty_mv": 3300, "low_mv": 3500, "full_mv": 4200,
    },
    "display": {
        "kind": "ssd1306", "sda": 21, "scl": 23, "address": 0x3C, "width": 128, "height": 64,
    },
}  # fmt: skip
# Drawing it takes the hour's world too long: 5,000 of a picture, and the driver as it was measured.
BY_HAND = {"epaper": 13_000}
# At most, while somebody floods it; in the hour's talk nothing waits for its proof.
RESERVED = {"multicast": HELD_BYTES_MAX}
OPTIONS: dict[str, dict[str, Any]] = {  # of config.json, see pressel.flash.power
    "power_save": {"sleep": True},
    "off_duty": {"off_duty_after_s": 600},
}
# A badge with this has power save at any rate, for its leader may ask for it.
ROOMY = "smooth_playout"


def live_bytes(
    packing: str, part: str = "", without: Collection[str] = (), option: str = ""
) -> int:
    """That live on a badge with all features, but only the `part` of a board ("": none), and with
    `option` ("": none)."""
    with tempfile.TemporaryDirectory(prefix="pressel-room-") as work:
        figures = run_cycles(
            CYCLES,
            Path(work),
            heap_bytes=HEAP_BYTES,
            packing=PACKINGS[packing],
            without=tuple(without),
            parts={part: PARTS[part]} if part else None,
            settings=OPTIONS[option] if option else None,
        )
    return counted(figures)


def counted(figures: Mapping[str, Any]) -> int:
    """The live bytes of an hour's figures, of which a table of names counts as far as it is filled:
    it doubles, with the names of the fakes among them, so it may be almost empty."""
    names = figures["names"]
    return figures["live_most"] - names["pools"] + NAME_BYTES * names["count"]


def measure(packing: str) -> dict[str, Any]:
    """In the form of `boards.heap.PackingHeap`."""
    plain = live_bytes(packing)
    added = {}
    for row in badge_features():
        if row.part in BY_HAND:
            more = BY_HAND[row.part]
        elif row.part:
            more = live_bytes(packing, part=row.part) - plain
        else:
            needy = without_needy([row.name]) - {row.name}
            more = live_bytes(packing, without=needy) if needy else plain
            more -= live_bytes(packing, without=[row.name])
        more += RESERVED.get(row.name, 0)
        added[row.name] = max(0, more)
        print(f"{packing}: {more:,} bytes for {row.name}", flush=True)
    # By itself: what is left of the full badge would have the scatter of each difference.
    base = live_bytes(packing, without=[row.name for row in badge_features() if not row.part])
    print(f"{packing}: {base:,} bytes without any feature", flush=True)
    return {"base": base, "features": added, "options": _options(packing)}


def _options(packing: str) -> dict[str, int]:
    without = without_needy([ROOMY])
    plain = live_bytes(packing, without=without)
    added = {}
    for name in OPTIONS:
        added[name] = max(0, live_bytes(packing, without=without, option=name) - plain)
        print(f"{packing}: {added[name]:,} bytes for the option {name}", flush=True)
    return added


def main() -> None:
    parser = argparse.ArgumentParser(description="What each feature takes of a badge's heap.")
    parser.add_argument("--record", action="store_true", help="Write it to boards/heap.json.")
    parser.add_argument("--packing", choices=PACKINGS, action="append", help="may be repeated")
    given = parser.parse_args()
    found = measured().model_dump() if given.packing else {}
    found |= {packing: measure(packing) for packing in given.packing or PACKINGS}
    if given.record:
        measured_path().write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
