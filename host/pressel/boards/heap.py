"""What of a badge's heap is left, and which features a chip has room for.

How much there is says `chips/<chip>.toml`. What the firmware takes was measured by
`python -m tests.firmware.room`, in the virtual badge's MicroPython, and lies in boards/heap.json:
by packing the bytes of a badge without any feature, and what each feature adds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pressel.schema.features import FeatureRow, badge_features
from pressel.tree import ROOT

from .chip import load_chip
from .schema import Board

SMALLEST = "esp32"  # what fits it fits every chip: for builds that run on all
UPDATES = "updates"
IMAGE = "romfs"  # the packing that no release over the air can change

# Beside what lives: garbage between two collections, as the hour of tests/firmware has it at most.
TALK_BYTES = 13_000
# While a release is fetched nobody talks: what its modules take, and a step of theirs
# (`app/extras/update.py`).
UPDATE_BYTES = 9_500 + 5_000


class PackingHeap(BaseModel):
    """Bytes that live: of a badge without features, of each feature, and of each option of its
    config.json (`pressel.flash.power`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base: int
    features: dict[str, int]
    options: dict[str, int]


class MeasuredHeap(BaseModel):
    """By packing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    stock: PackingHeap
    romfs: PackingHeap

    def of(self, packing: str) -> PackingHeap:
        return self.romfs if packing == IMAGE else self.stock


@dataclass(frozen=True)
class Room:
    """A badge's heap: bytes in all, those that live, and those that are left while it talks or
    listens, and while it fetches a release (None: it never does). Below 0 there are too few."""

    heap: int
    live: int
    talk: int
    update: int | None

    @property
    def is_enough(self) -> bool:
        """For talking; a release that finds no room is offered again."""
        return self.talk >= 0


def measured_path() -> Path:
    """Where the measured bytes lie in the source tree."""
    return ROOT / "boards" / "heap.json"


@cache
def measured() -> MeasuredHeap:
    """What the firmware of this source tree takes."""
    return MeasuredHeap.model_validate_json(measured_path().read_text("utf-8"))


def room(chip: str, packing: str, names: Collection[str], options: Collection[str] = ()) -> Room:
    """What is left on `chip` with the features, and the options, of these names."""
    heap, taken = load_chip(chip).heap_bytes, measured().of(packing)
    live = taken.base + sum(taken.features[name] for name in names)
    live += sum(taken.options[name] for name in options)
    is_fetching = UPDATES in names and packing != IMAGE
    update = heap - live - UPDATE_BYTES if is_fetching else None
    return Room(heap, live, heap - live - TALK_BYTES, update)


def fitting(chip: str, packing: str) -> list[str]:
    """The features that a build for `chip` has, in the order of their table: each that leaves room
    for speech beside all before it, so a board may have all their parts."""
    chosen: list[str] = []
    for row in badge_features():
        names = [*chosen, row.name]
        if set(row.needs) <= set(chosen) and room(chip, packing, names).is_enough:
            chosen.append(row.name)
    return chosen


def left_out(chip: str, packing: str) -> list[str]:
    """The features for which `chip` has no room; "" stands for a build that runs on every chip."""
    chosen = fitting(chip or SMALLEST, packing)
    return [row.name for row in badge_features() if row.name not in chosen]


def features_of(board: Board, packing: str) -> list[str]:
    """What a badge with this board has, and HELLO says."""
    return _chosen(board.chip, board.facts(), packing)


def missing_of(board: Board, packing: str) -> list[str]:
    """Features whose part the board has and for which its chip has no room."""
    chosen = fitting(board.chip, packing)
    return [row.name for row in _wanted(board.facts()) if row.part and row.name not in chosen]


def speech_lacks(chip: str, facts: Collection[str], packing: str, options: Collection[str]) -> int:
    """The bytes that speech would lack on a board with these facts (`Board.facts`) and options; 0:
    none. Without options none ever does: a build has what fits."""
    return max(0, -room(chip, packing, _chosen(chip, facts, packing), options).talk)


def too_little(
    chip: str, facts: Collection[str], packing: str, options: Collection[str] = ()
) -> str:
    """What else than speech such a board has too little memory for, as a sentence for whoever is
    about to make it a badge; "": nothing."""
    left = room(chip, packing, _chosen(chip, facts, packing), options)
    if left.update is not None and left.update < 0:
        return (
            f"a release over the air would lack about {-left.update:,} bytes of its memory, and it "
            "would stay as it is; give it new firmware by cable, or leave something out"
        )
    return ""


def _chosen(chip: str, facts: Collection[str], packing: str) -> list[str]:
    fits = fitting(chip, packing)
    return [row.name for row in _wanted(facts) if row.name in fits]


def _wanted(facts: Collection[str]) -> Iterator[FeatureRow]:
    return (row for row in badge_features() if not row.part or row.part in facts)
