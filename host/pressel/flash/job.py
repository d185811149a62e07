"""One badge from bare board to registered member; a second run repairs what a first left undone.

The registry hears of a badge only when what was written reads back right. The key is made here and
lies in the badge until then; a key that the registry knows already is written again.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pressel.boards.board import Board
from pressel.firmware import FirmwareBuild

from .console import console, file_hashes
from .filesystem import make_filesystem
from .image import Image
from .label import write_label
from .loader import Loader, Region
from .messages import flash_error
from .nvs import NAMESPACE, make_nvs, read_nvs
from .partitions import BLOCK_BYTES, TABLE_AT, TABLE_BYTES, find_nvs, find_vfs, read_table

KEY_BYTES = 32
Tell = Callable[[str, float], None]  # stage, share of it that is done
_making = threading.Lock()  # Espressif's NVS tool prints; only one may redirect that at a time


class DeviceRegistry(Protocol):
    """The leader's registry, as far as flashing needs it."""

    def devices(self, state: str | None = None) -> list: ...
    def key(self, device_id: str) -> bytes | None: ...
    def ask(self, device_id: str, name: str, key: bytes) -> None: ...
    def approve(self, device_id: str, groups: tuple[int, ...] = (1,)) -> None: ...
    def deny(self, device_id: str) -> None: ...
    def revoke(self, device_id: str) -> None: ...
    def replace(self, old_id: str, new_id: str) -> bytes: ...


@dataclass(frozen=True)
class Order:
    """What is to be made of every badge of one run."""

    board_id: str
    board: Board
    firmware: FirmwareBuild
    image: Image
    wifi: tuple[str, str]  # SSID, password
    leader: str = ""
    name: str = ""  # empty: the badge keeps its own, or gets one made of its address
    groups: tuple[int, ...] = (1,)
    labels: Path | None = None
    erase: bool = False
    dry_run: bool = False
    only_app: bool = False
    new_identity: bool = False


@dataclass
class Outcome:
    """How it ended for the badge on `port`; `error` is empty when all went well."""

    port: str
    device: str = ""
    name: str = ""
    error: str = ""
    regions: list[tuple[int, int]] = field(default_factory=list)  # address, bytes


def flash_badge(port: str, order: Order, registry: DeviceRegistry | None, tell: Tell) -> Outcome:
    """Do it all; FlashError says what went wrong."""
    stage = ["connect"]

    def now(name: str) -> None:
        stage[0] = name
        tell(name, 0.0)

    now("connect")
    loader = Loader(port, lambda share: tell(stage[0], share))
    try:
        _check(loader, order)
        old = read_nvs(loader.read(order.image.nvs.at, order.image.nvs.size)).get(NAMESPACE, {})
        device = _device(loader.mac, old, order.new_identity)
        name = (
            order.name
            or _known_name(device, registry)
            or _text(old.get("name"))
            or f"badge {loader.mac[-2:].hex()}"
        )
        key = _key(port, device, old, registry)
        files = _files(order, device, name)
        regions = _regions(loader, order, files, device, name, key)
        outcome = Outcome(port, device.hex(), name, "", [(at, len(data)) for at, data in regions])
        if order.dry_run:
            return outcome
        now("write")
        if order.erase:
            loader.erase()
        loader.write(regions)
        now("verify")
        loader.verify(regions)
        now("boot")
        loader.restart()
    finally:
        loader.close()
    now("check")
    _check_files(port, files)
    if registry is not None and registry.key(device.hex()) != key:
        now("register")
        if device.hex() in {each.id for each in registry.devices()}:
            registry.deny(device.hex())  # it waits with the key of a run that broke off
        registry.ask(device.hex(), name, key)
        registry.approve(device.hex(), order.groups)
    if order.labels is not None:
        write_label(order.labels, device.hex(), name)
    tell("done", 1.0)
    return outcome


def identity(loader: Loader) -> str:
    """The device id that the badge has now, hexadecimal."""
    rows = read_table(loader.read(TABLE_AT, TABLE_BYTES))
    nvs = find_nvs(rows)
    old = read_nvs(loader.read(nvs.at, nvs.size)).get(NAMESPACE, {}) if nvs else {}
    return _device(loader.mac, old, False).hex()


def _check(loader: Loader, order: Order) -> None:
    wanted = order.board.chip
    if loader.chip != wanted:
        raise flash_error("wrong-chip", port=loader.port, found=loader.chip,
                          board=order.board_id, wanted=wanted)  # fmt: skip
    if order.image.chip != wanted:
        raise flash_error("image-chip", file="the image", found=order.image.chip,
                          board=order.board_id, wanted=wanted)  # fmt: skip
    if loader.flash_mib < order.board.flash_mib:
        raise flash_error("flash-size", port=loader.port, found=loader.flash_mib,
                          board=order.board_id, wanted=order.board.flash_mib)  # fmt: skip


def _device(mac: bytes, old: dict[str, int | bytes], new_identity: bool) -> bytes:
    """8 bytes: the chip's address, and two that are zero unless somebody wanted a new identity."""
    kept = old.get("device")
    if new_identity:
        return mac + (1 + secrets.randbelow(0xFFFF)).to_bytes(2, "big")
    if isinstance(kept, bytes) and len(kept) == 8 and kept[:6] == mac:
        return kept
    return mac + bytes(2)


def _known_name(device: bytes, registry: DeviceRegistry | None) -> str:
    known = registry.devices() if registry is not None else []
    return next((each.name for each in known if each.id == device.hex()), "")


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "ignore") if isinstance(value, bytes) else ""


def _key(
    port: str, device: bytes, old: dict[str, int | bytes], registry: DeviceRegistry | None
) -> bytes:
    """The registry's key for the device, else the badge's own (a run broke off), else a new one."""
    if registry is not None:
        states = {each.id: each.state for each in registry.devices()}
        if states.get(device.hex()) == "revoked":
            raise flash_error("revoked", device=device.hex(), port=port)
        known = registry.key(device.hex())
        if known is not None:
            return known
    kept = old.get("key")
    if isinstance(kept, bytes) and len(kept) == KEY_BYTES and old.get("device") == device:
        return kept
    return secrets.token_bytes(KEY_BYTES)


def _files(order: Order, device: bytes, name: str) -> dict[str, bytes]:
    folder = order.firmware.folder
    files = {p.relative_to(folder).as_posix(): p.read_bytes()
             for p in folder.rglob("*") if p.is_file()}  # fmt: skip
    config = {
        "device": device.hex(),
        "name": name,
        "leader": order.leader,
        "wifi": {"ssid": order.wifi[0], "password": order.wifi[1]},
    }
    files["board.json"] = json.dumps(order.board.facts()).encode()
    files["config.json"] = json.dumps(config).encode()
    return files


def _regions(
    loader: Loader, order: Order, files: dict[str, bytes], device: bytes, name: str, key: bytes
) -> list[Region]:
    image = order.image
    vfs = find_vfs(image.rows, loader.flash_mib << 20)
    too_large = flash_error("image-too-large", found=loader.flash_mib, port=loader.port)
    if vfs.size < 2 * BLOCK_BYTES or image.at + len(image.data) > vfs.at:
        raise too_large
    with _making:
        values: dict[str, int | bytes] = {"device": device, "key": key, "name": name.encode()}
        nvs = make_nvs({NAMESPACE: values}, image.nvs.size)
        try:
            filesystem = make_filesystem(files, vfs.size)
        except MemoryError:
            raise too_large from None
    # What follows is erased flash; littlefs erases a block before it writes one.
    used = -(-len(filesystem.rstrip(b"\xff")) // BLOCK_BYTES) * BLOCK_BYTES
    regions = [(vfs.at, filesystem[:used])]
    if order.only_app:  # identity and key too: a key that is registered must lie in the badge
        regions.insert(0, (image.nvs.at, nvs))
    else:
        regions.insert(0, (image.at, image.with_nvs(nvs)))
    return regions


def _check_files(port: str, files: dict[str, bytes]) -> None:
    import hashlib

    with console(port) as badge:
        found = file_hashes(badge, sorted(files))
    for path, content in sorted(files.items()):
        if found.get(path) != hashlib.sha256(content).hexdigest():
            raise flash_error("file-hash", file=path, port=port)


def take_out_firmware(folder: Path) -> FirmwareBuild:
    """Files taken out of a flash, as the virtual badge wants its firmware."""
    names = json.loads((folder / "manifest.json").read_text("utf-8"))["imports"]
    return FirmwareBuild(folder, (), tuple(names), False, "")
