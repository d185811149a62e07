"""What the tests of flashing share: a synthetic image, an order."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from pressel.boards.board import load_board
from pressel.firmware import ARCHITECTURES, build_firmware
from pressel.flash.image import read_image, synthetic_image
from pressel.flash.order import Order, read_firmware
from pressel.registry.store import Registry

BOARDS = {"esp32": "esp32-devkit", "esp32s3": "esp32s3-devkit", "esp32c3": "esp32c3-devkit"}
CHIPS = sorted(BOARDS)
NOWHERE = "127.0.0.1:9"  # where no leader is: a flashed badge runs, and looks for one


def flash_bytes(chip: str) -> int:
    return load_board(BOARDS[chip]).flash_mib << 20


def image_file(folder: Path, chip: str, app_bytes: int = 0x10000) -> tuple[Path, str]:
    """The synthetic image and its SHA-256."""
    data = synthetic_image(chip, app_bytes)
    file = folder / f"{chip}.bin"
    file.write_bytes(data)
    return file, hashlib.sha256(data).hexdigest()


def make_order(folder: Path, chip: str, **changes: object) -> Order:
    file, sha256 = image_file(folder, chip)
    board_id = BOARDS[chip]
    firmware = build_firmware(folder / "firmware", architecture=ARCHITECTURES[chip])
    order = functools.partial(
        Order, board_id, load_board(board_id), read_firmware(firmware), ("venue", "secret"),
        read_image(file, sha256), leader=NOWHERE, labels=folder / "labels",
    )  # fmt: skip
    return order(**changes)  # pyright: ignore[reportCallIssue, reportArgumentType]


def states(registry: Registry) -> dict[str, str]:
    """The state of every device that is known."""
    return {device.id: device.state for device in registry.devices()}
