"""What the tests of flashing share: a synthetic image, an order."""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from pathlib import Path

from pressel.boards.board import load_board
from pressel.flash.contents import NVS_FILE, take_out
from pressel.flash.image import read_image, synthetic_image
from pressel.flash.order import Order, read_firmware, read_rom
from pressel.pack import ARCHITECTURES, STOCK, Packing, build_firmware
from pressel.registry.store import Registry
from pressel.virtual.stock import LEFT_OUT

BOARDS = {"esp32": "esp32-devkit", "esp32s3": "esp32s3-devkit", "esp32c3": "esp32c3-devkit"}
CHIPS = sorted(BOARDS)
NOWHERE = "127.0.0.1:9"  # where no leader is: a flashed badge runs, and looks for one


def flash_bytes(chip: str) -> int:
    return load_board(BOARDS[chip]).flash_mib << 20


def image_file(
    folder: Path,
    chip: str,
    app_bytes: int = 0x10000,
    romfs_bytes: int = 0,
    revisions: tuple[int, int] = (0, 0),
) -> tuple[Path, str]:
    """The synthetic image and its SHA-256."""
    data = synthetic_image(chip, app_bytes, romfs_bytes, revisions)
    file = folder / f"{chip}.bin"
    file.write_bytes(data)
    return file, hashlib.sha256(data).hexdigest()


def make_order(
    folder: Path,
    chip: str,
    app_bytes: int = 0x10000,
    *,
    packing: Packing = STOCK,
    romfs_bytes: int = 0,
    wifi: tuple[str, str] = ("venue", "secret"),
    **changes: object,
) -> Order:
    file, sha256 = image_file(folder, chip, app_bytes, romfs_bytes)
    board_id = BOARDS[chip]
    architecture = ARCHITECTURES[chip]
    firmware = build_firmware(
        folder / packing.name, packing=packing, architecture=architecture, without=LEFT_OUT
    )
    given = {
        "image": read_image(file, sha256), "leader": NOWHERE, "labels": folder / "labels",
        "rom": read_rom(firmware),
    } | changes  # fmt: skip
    order = functools.partial(Order, board_id, load_board(board_id), read_firmware(firmware), wifi)
    return order(**given)  # pyright: ignore[reportCallIssue, reportArgumentType]


def agreed(flash: bytes | bytearray, chip: str, registry: Registry, device: str) -> dict:
    """Badge and registry have the same id, key and name; the badge's settings."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "taken"
        assert take_out(flash, chip, folder)
        kept = json.loads((folder / NVS_FILE).read_text())["pressel"]
        config = json.loads((folder / "config.json").read_text())
    key = registry.key(device)
    assert key is not None and kept["key"] == key.hex()
    assert kept["device"] == config["device"] == device
    name = registry.device(device).name
    assert bytes.fromhex(kept["name"]).decode() == config["name"] == name
    return config


def states(registry: Registry) -> dict[str, str]:
    """The state of every device that is known."""
    return {device.id: device.state for device in registry.devices()}
