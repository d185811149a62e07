"""What the tests of flashing share: a synthetic image, an order, a registry in memory."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from pressel.boards.board import load_board
from pressel.firmware import ARCHITECTURES, build_firmware
from pressel.flash.image import read_image, synthetic_image
from pressel.flash.job import Order

BOARDS = {"esp32": "esp32-devkit", "esp32s3": "esp32s3-devkit", "esp32c3": "esp32c3-devkit"}
CHIPS = sorted(BOARDS)


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
        Order, board_id, load_board(board_id), firmware, read_image(file, sha256),
        ("venue", "secret"), labels=folder / "labels",
    )  # fmt: skip
    return order(**changes)  # pyright: ignore[reportCallIssue, reportArgumentType]


@dataclass
class MemoryRegistry:
    """As the leader's, without a disk."""

    keys: dict[str, bytes] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def devices(self, state: str | None = None) -> list:
        return [SimpleNamespace(id=k, state=v, name=self.names[k]) for k, v in self.states.items()]

    def key(self, device_id: str) -> bytes | None:
        return self.keys.get(device_id) if self.states.get(device_id) == "active" else None

    def ask(self, device_id: str, name: str, key: bytes) -> None:
        self.keys[device_id], self.states[device_id] = key, "pending"
        self.names[device_id] = name

    def approve(self, device_id: str, groups: tuple[int, ...] = (1,)) -> None:
        self.states[device_id] = "active"

    def deny(self, device_id: str) -> None:
        del self.keys[device_id], self.states[device_id]

    def revoke(self, device_id: str) -> None:
        self.states[device_id] = "revoked"

    def replace(self, old_id: str, new_id: str) -> bytes:
        raise NotImplementedError
