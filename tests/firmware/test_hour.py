"""A slice of the hour of `tests.firmware.hour`: nothing is kept, little is made in a burst."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.firmware.hour import bytes_a_frame, run_cycles
from tests.firmware.room import counted
from tests.firmware.seal_share import ROOM_BYTES

from pressel.boards.heap import room
from pressel.errors import PresselError
from pressel.pack import ROMFS
from pressel.virtual.stepped.heap import HEAP_BYTES

SWING_BYTES = 32  # a block or two of the heap
CYCLES = 13  # all kinds of a press and every fault come in the first 10
LIVE_BYTES_MAX = 89_100  # beside it the garbage of a step; 2 KB of it are the fakes' own keys
PEAK_BYTES_MAX = 102_000  # of the heap's 111,000
ROMFS_LIVE_BYTES_MAX = 84_500  # names and what modules hold stay in the heap
SAVED_BYTES_MIN = 4_000  # by an image: for less, nobody would build MicroPython
RECKONED_BYTES = 1_000  # what a change may add until it is measured anew
CHURN_BYTES_MAX = 64 + 384  # a voice frame, and its tag: two hash objects and their digests


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_cycles(CYCLES, tmp_path_factory.mktemp("hour"))


def keeps_nothing(figures: dict[str, Any]) -> bool:
    swing = figures["live_most"] - figures["live_least"]
    return swing <= SWING_BYTES and figures["live_last"] <= figures["live_first"]


def test_no_burst_keeps_memory(figures: dict[str, Any], tmp_path: Path) -> None:
    """Keys differ from run to run, and the collector takes a number that looks like an address for
    one: what such a number holds is not held in another run, and what a burst keeps is."""
    assert keeps_nothing(figures) or keeps_nothing(run_cycles(CYCLES, tmp_path))


@pytest.mark.parametrize("what", ["talk", "listen"])
def test_a_voice_frame_makes_little_garbage(figures: dict[str, Any], what: str) -> None:
    assert bytes_a_frame(figures, what) <= CHURN_BYTES_MAX


def test_the_heap_is_enough(figures: dict[str, Any]) -> None:
    assert figures["live_most"] <= LIVE_BYTES_MAX
    assert figures["peak"] <= PEAK_BYTES_MAX


def test_the_heap_is_what_boards_reckon_with(figures: dict[str, Any]) -> None:
    """Of the default board, from boards/heap.json; otherwise record it anew."""
    reckoned = room("esp32", "stock", ["updates"])
    assert abs(counted(figures) - reckoned.live) < RECKONED_BYTES


@pytest.mark.proof
def test_an_image_leaves_more_of_the_heap(figures: dict[str, Any], tmp_path: Path) -> None:
    """Packed as ROMFS, the code takes none of it; three cycles talk, listen and lose sends. What is
    saved, and what boards reckon with, are what is measured here."""
    of_image = run_cycles(3, tmp_path, packing=ROMFS)
    assert of_image["live_most"] <= ROMFS_LIVE_BYTES_MAX
    assert counted(of_image) < counted(figures) - SAVED_BYTES_MIN
    reckoned = room("esp32", "romfs", ["updates"])
    assert abs(counted(of_image) - reckoned.live) < RECKONED_BYTES
    for what in ("talk", "listen"):
        assert bytes_a_frame(of_image, what) <= CHURN_BYTES_MAX


def test_too_little_memory_is_told_and_not_waited_for(
    figures: dict[str, Any], tmp_path: Path
) -> None:
    """Room for what lives, and hardly more: with less, MicroPython looks for some without end."""
    with pytest.raises(PresselError, match="MemoryError"):
        run_cycles(1, tmp_path, limit_s=100, heap_bytes=figures["live_most"] + 1500)


def test_the_hour_is_what_it_says(figures: dict[str, Any]) -> None:
    """Talked, listened, and without trouble but what was planted."""
    assert figures["steps"] == CYCLES * 2000
    assert figures["voice_packets"] > CYCLES * 60
    assert figures["played_frames"] > CYCLES * 190
    assert figures["no_memory"] > 0
    assert figures["starved"] == figures["lost_samples"] == 0


@pytest.mark.proof
def test_what_the_seal_costs_can_be_measured(tmp_path: Path) -> None:
    """With it and without, the badge talks and listens; the figures are `seal_share`'s."""
    pairs = run_cycles(9, tmp_path, heap_bytes=HEAP_BYTES + ROOM_BYTES, measure="seal")
    assert pairs["talk"] and pairs["listen"]
