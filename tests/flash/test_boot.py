"""What was flashed, booted in the virtual badge, joins a leader and talks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from tests.flash.bench import make_order
from tests.patience import PATIENCE_S

from pressel.demo.venue import run_leader
from pressel.emulator.badge import EmulatedBadge
from pressel.flash.contents import NVS_FILE, take_out
from pressel.flash.job import flash_badge
from pressel.flash.order import Order
from pressel.pack import PACKINGS
from pressel.pack.build import FirmwareBuild
from pressel.pack.manifest import ROM_FILE
from pressel.registry.store import Registry
from pressel.virtual import VirtualBadge

ROMFS_BYTES = 0x20000  # as in MicroPython's own example of a table with such a partition


def taken_firmware(folder: Path) -> FirmwareBuild:
    """Files taken out of a flash, as the virtual badge wants its firmware."""
    names = json.loads((folder / "manifest.json").read_text("utf-8"))["imports"]
    return FirmwareBuild(folder, (), tuple(names), False, "")


async def _until(badge: VirtualBadge, event: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            told = await badge.events.get()
            if told["event"] == "log" and json.loads(told["line"])["event"] == event:
                return


def _flash(port: str, order: Order, venue: Path) -> None:
    with Registry(venue / "leader") as registry:  # the running leader's own
        flash_badge(port, order, registry, lambda stage, share: None)


@pytest.mark.e2e
@pytest.mark.parametrize("packing", PACKINGS)
def test_row_2_a_flashed_badge_joins_a_leader_and_talks(packing: str, tmp_path: Path) -> None:
    """The longest name that there is, in characters whose halves JSON would escape."""

    async def scenario() -> None:
        (tmp_path / "venue").mkdir()
        async with run_leader(tmp_path / "venue") as leader:
            order = make_order(
                tmp_path, "esp32", packing=PACKINGS[packing], romfs_bytes=ROMFS_BYTES,
                name="🍕" * 8, leader=leader.address,
            )  # fmt: skip
            flash = tmp_path / "flash"
            with EmulatedBadge("esp32", flash, 4 << 20) as emulated:
                await asyncio.to_thread(_flash, emulated.port, order, tmp_path / "venue")
            taken = tmp_path / "taken"
            assert take_out(flash.read_bytes(), "esp32", taken)
            assert (taken / ROM_FILE).exists() == (packing == "romfs")
            badge = VirtualBadge(
                "flashed",
                firmware=taken_firmware(taken),
                board=json.loads((taken / "board.json").read_text()),
                config=json.loads((taken / "config.json").read_text()),
                files={NVS_FILE: (taken / NVS_FILE).read_bytes()},
                work=tmp_path / "badge",
            )
            (tmp_path / "badge").mkdir()
            await badge.start()
            try:
                await _until(badge, "joined")
                badge.press()
                await badge.speak(np.full(16_000, 4000, np.int16))
                await _until(badge, "granted")
                badge.release()
                await _until(badge, "sent")
            finally:
                await badge.stop()

    asyncio.run(scenario())
