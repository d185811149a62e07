"""One badge from bare board to registered member; a second run repairs what a first left undone.

The registry hears of a badge only when what was written reads back right. The key is made here and
lies in the badge until then; a key that the registry knows already is written again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pressel.errors import PresselError
from pressel.registry.roll import Roll

from . import port as ports
from .console import Console, Start, console
from .filesystem import make_runs
from .identity import MAC_BYTES, Identity, Kept, choose_identity, kept_device, register
from .label import write_label
from .line import Stop
from .loader import Loader, Region
from .messages import MESSAGES, flash_error
from .nvs import NAMESPACE, read_nvs
from .order import Order, Outcome, Rom
from .partitions import (
    BLOCK_BYTES,
    TABLE_AT,
    TABLE_BYTES,
    Partition,
    find_nvs,
    find_romfs,
    find_vfs,
    read_table,
)

Tell = Callable[[str, float], None]  # stage, share of it that is done
STAGES = ("connect", "write", "verify", "start", "check", "register", "done")
_making = threading.Lock()  # Espressif's NVS tool prints; only one may redirect that at a time


def flash_badge(
    port: str, order: Order, registry: Roll | None, tell: Tell, stop: Stop | None = None
) -> Outcome:
    """Do it all; FlashError says what went wrong. `stop` ends it at whatever it waits for."""
    stop = stop or Stop()
    with ports.held(port):
        tell("connect", 0.0)
        loader = Loader(port, stop)
        try:
            identity, regions = _planned(loader, order, registry)
            outcome = _outcome(port, order, identity, regions)
            if order.dry_run:
                loader.leave()
                return outcome
            _write(loader, order, regions, tell)
            tell("start", 0.0)
            loader.restart()
        finally:
            loader.close()
        _check_running(port, order, identity, tell, stop)
        if registry is not None:
            tell("register", 0.0)
            register(registry, identity, order.name, order.groups)
    if order.labels is not None:
        try:
            outcome.label = str(write_label(order.labels, outcome.device, outcome.name))
        except OSError as error:
            text = MESSAGES["no-label"].format(device=outcome.device, reason=error.strerror)
            outcome.warnings.append(text)
    tell("done", 1.0)
    return outcome


def identity_of(loader: Loader, registry: Roll | None) -> str:
    """The device id that the badge has now, hexadecimal."""
    nvs = find_nvs(read_table(loader.read(TABLE_AT, TABLE_BYTES)))
    known = registry.devices() if registry is not None else []
    return kept_device(loader.mac, _kept(loader, nvs) if nvs else {}, known).hex()


def _planned(loader: Loader, order: Order, registry: Roll | None) -> tuple[Identity, list[Region]]:
    """What is to be written. When that cannot be, the badge goes on as it was."""
    try:
        _check_fit(loader, order)
        places = _places(loader, order)
        kept = _kept(loader, places.nvs)
        identity = choose_identity(
            loader.port, loader.mac, kept, registry, name=order.name, is_new=order.new_identity
        )
        return identity, _regions(loader, order, places, identity)
    except PresselError:
        loader.leave()
        raise


def _outcome(port: str, order: Order, identity: Identity, regions: list[Region]) -> Outcome:
    sizes = [(at, len(data)) for at, data in regions]
    device = identity.device.hex()
    return Outcome(port, device, identity.name, regions=sizes, packing=order.packing)


def _write(loader: Loader, order: Order, regions: list[Region], tell: Tell) -> None:
    """Write and verify."""
    tell("write", 0.0)
    if order.erase:
        loader.erase()
    loader.write(regions, lambda share: tell("write", share))
    tell("verify", 0.0)
    loader.verify(regions)


def _check_fit(loader: Loader, order: Order) -> None:
    wanted = order.board.chip
    if loader.chip != wanted:
        raise flash_error("wrong-chip", port=loader.port, found=loader.chip,
                          board=order.board_id, wanted=wanted)  # fmt: skip
    if order.image is not None and order.image.chip != wanted:
        raise flash_error("image-chip", file=order.image.name, found=order.image.chip,
                          board=order.board_id, wanted=wanted)  # fmt: skip
    if loader.flash_mib < order.board.flash_mib:
        raise flash_error("flash-size", port=loader.port, found=loader.flash_mib,
                          board=order.board_id, wanted=order.board.flash_mib)  # fmt: skip


@dataclass(frozen=True)
class _Places:
    """Where on this chip storage and file system lie, and the ROMFS image if there is one."""

    nvs: Partition
    vfs: Partition
    romfs: Partition | None


def _places(loader: Loader, order: Order) -> _Places:
    image = order.image
    rows = image.rows if image else read_table(loader.read(TABLE_AT, TABLE_BYTES))
    nvs = find_nvs(rows)
    if nvs is None:
        raise flash_error("no-micropython", port=loader.port)
    flash_bytes = loader.flash_mib << 20
    vfs = find_vfs(rows, flash_bytes)
    image_end = image.at + len(image.data) if image else 0
    if vfs.size < 2 * BLOCK_BYTES or vfs.at + vfs.size > flash_bytes or image_end > vfs.at:
        raise flash_error("image-too-large", found=loader.flash_mib, port=loader.port)
    return _Places(nvs, vfs, _romfs_place(loader.port, order, rows))


def _romfs_place(port: str, order: Order, rows: list[Partition]) -> Partition | None:
    """Where the image goes that the firmware is packed as; None when it is packed as stock."""
    if order.rom is None:
        return None
    image = order.image
    where = image.name if image else f"the MicroPython of the badge on {port}"
    place = find_romfs(rows)
    if place is None or (image is not None and order.packing not in image.packings):
        raise flash_error("no-romfs", where=where)
    if len(order.rom.image) > place.size:
        raise flash_error("romfs-too-small", where=where, found=place.size,
                          wanted=len(order.rom.image))  # fmt: skip
    return place


def _kept(loader: Loader, nvs: Partition) -> Kept:
    return read_nvs(loader.read(nvs.at, nvs.size)).get(NAMESPACE, {})


def _regions(loader: Loader, order: Order, places: _Places, identity: Identity) -> list[Region]:
    with _making:
        nvs = identity.nvs(places.nvs.size)
        try:
            runs = make_runs(order.files(identity), places.vfs.size)
        except MemoryError:
            raise flash_error("image-too-large", found=loader.flash_mib, port=loader.port) from None
    image = order.image
    first = (places.nvs.at, nvs) if image is None else (image.at, image.with_nvs(nvs))
    regions = [first, *((places.vfs.at + at, data) for at, data in runs)]
    if places.romfs is not None and order.rom is not None:
        blocks = -(-len(order.rom.image) // BLOCK_BYTES)
        data = order.rom.image.ljust(blocks * BLOCK_BYTES, b"\xff")
        regions.insert(1, (places.romfs.at, data))
    return regions


def _check_running(port: str, order: Order, identity: Identity, tell: Tell, stop: Stop) -> None:
    """What the badge itself says: who it is, its files as MicroPython reads them, and the first
    words of its firmware. FlashError when they are not what they should be."""
    files = order.files(identity)
    wanted = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    with console(port, stop) as badge:
        tell("check", 0.0)
        _check_identity(port, badge, identity)
        if order.rom is not None:
            _check_rom(port, order.rom, badge.file_hashes(sorted(order.rom.sha256)))
        found = badge.file_hashes(sorted(wanted))
        for path, sha256 in sorted(wanted.items()):
            if found.get(path) != sha256:
                raise flash_error("file-hash", file=path, port=port)
        tell("check", 0.5)
        check_started(port, badge.watch_start(identity.name))


def check_started(port: str, started: Start) -> None:
    """FlashError when the firmware did not say that it runs as it should."""
    if started.failure:
        raise flash_error("start-failed", port=port, reason=started.failure)
    if started.is_keyless:
        raise flash_error("no-key", port=port)
    if not started.is_heard:
        raise flash_error("not-heard", port=port)


def _check_identity(port: str, badge: Console, identity: Identity) -> None:
    """First of all: a port can turn into another board's while one is made."""
    found, wanted = badge.chip(), identity.device[:MAC_BYTES]
    if found != wanted:
        raise flash_error("other-badge", port=port, found=found.hex(":"), wanted=wanted.hex(":"))
    if not badge.has(identity):
        raise flash_error("no-key", port=port)


def _check_rom(port: str, rom: Rom, found: dict[str, str]) -> None:
    """`found` by path; empty for a file that MicroPython does not see."""
    if not any(found.values()):
        raise flash_error("romfs-unread", port=port)
    for path, sha256 in sorted(rom.sha256.items()):
        if found.get(path) != sha256:
            raise flash_error("file-hash", file=path, port=port)
