"""One badge from bare board to registered member; a second run repairs what the first left undone.

The registry hears of a badge only after what was written has read back right. The key is made here
and lies in the badge until then; a key that the registry knows already is written again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pressel.boards.board import fitting_boards
from pressel.boards.chip import chip_ids
from pressel.errors import PresselError
from pressel.registry.roll import Roll

from . import port as ports
from .console import Console, Start, console
from .filesystem import make_runs
from .identity import MAC_BYTES, Claims, Identity, Kept, choose_identity, kept_device, register
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
    port: str, order: Order, registry: Roll | None, tell: Tell, stop: Stop | None = None,
    claims: Claims | None = None,
) -> Outcome:  # fmt: skip
    """Do it all; FlashError says what went wrong. `stop` ends it at whatever it waits for, `claims`
    knows the other boards of the run."""
    stop, claims = stop or Stop(), claims or Claims()
    with ports.held(port):
        tell("connect", 0.0)
        loader = Loader(port, stop)
        try:
            identity, regions = _planned(loader, order, registry, claims)
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
            _tell_board(registry, order, outcome)
    if order.labels is not None:
        try:
            label = write_label(order.labels, outcome.device, outcome.name)
            outcome.label = str(label.file)
            outcome.warnings += [label.advice] if label.advice else []
        except OSError as error:
            text = MESSAGES["no-label"].format(device=outcome.device, reason=error.strerror)
            outcome.warnings.append(text)
    tell("done", 1.0)
    return outcome


def _tell_board(registry: Roll, order: Order, outcome: Outcome) -> None:
    """The venue's settings may go by it. A host of an earlier version does not know the question,
    and the badge is as good without."""
    try:
        registry.set_board(outcome.device, order.board_id)
    except PresselError as error:
        text = MESSAGES["no-board"].format(
            device=outcome.device, board=order.board_id, reason=error
        )
        outcome.warnings.append(text)


def identity_of(loader: Loader, registry: Roll | None) -> str:
    """The device id that the badge has now, hexadecimal."""
    nvs = find_nvs(read_table(loader.read(TABLE_AT, TABLE_BYTES)))
    known = registry.devices() if registry is not None else []
    return kept_device(loader.mac, _kept(loader, nvs) if nvs else {}, known).hex()


def _planned(
    loader: Loader, order: Order, registry: Roll | None, claims: Claims
) -> tuple[Identity, list[Region]]:
    """What is to be written. When it cannot be written, the badge goes on as it was."""
    try:
        _check_fit(loader, order)
        places = _places(loader, order)
        kept = _kept(loader, places.nvs)
        identity = choose_identity(
            loader.port, loader.mac, kept, registry, name=order.name, is_new=order.new_identity,
            is_twin=order.twin,
        )  # fmt: skip
        claims.claim(identity.device, loader.port)
        return identity, _regions(loader, order, places, identity)
    except PresselError:
        loader.leave()
        raise


def _outcome(port: str, order: Order, identity: Identity, regions: list[Region]) -> Outcome:
    sizes = [(at, len(data)) for at, data in regions]
    device = identity.device.hex()
    outcome = Outcome(port, device, identity.name, regions=sizes, packing=order.packing)
    if identity.replaced is not None:
        outcome.warnings.append(MESSAGES["new-key"].format(port=port, device=device))
    return outcome


def _write(loader: Loader, order: Order, regions: list[Region], tell: Tell) -> None:
    """Write and verify."""
    tell("write", 0.0)
    if order.erase:
        loader.erase()
    loader.write(regions, lambda share: tell("write", share))
    tell("verify", 0.0)
    loader.verify(regions)


def _check_fit(loader: Loader, order: Order) -> None:
    wanted, port, board = order.board.chip, loader.port, order.board_id
    if loader.chip != wanted:
        advice = _boards_that_fit(loader.chip, loader.flash_mib)
        raise flash_error("wrong-chip", port=port, found=loader.chip, board=board, wanted=wanted,
                          advice=advice)  # fmt: skip
    image = order.image
    if image is not None and image.chip != wanted:
        raise flash_error("image-chip", file=image.name, found=image.chip, board=board,
                          wanted=wanted)  # fmt: skip
    if loader.flash_mib == 0:
        raise flash_error("flash-unknown", port=port)
    if loader.flash_mib < order.board.flash_mib:
        advice = _boards_that_fit(loader.chip, loader.flash_mib)
        raise flash_error("flash-size", port=port, found=loader.flash_mib, board=board,
                          wanted=order.board.flash_mib, advice=advice)  # fmt: skip
    least, most = image.revisions if image is not None else (0, loader.revision)
    if not least <= loader.revision <= most:
        wanted = (
            f"{_revision(least)} or newer"
            if loader.revision < least
            else f"up to {_revision(most)}"
        )
        raise flash_error("chip-revision", port=port, found=_revision(loader.revision),
                          file=image.name if image else "", wanted=wanted)  # fmt: skip


def _revision(number: int) -> str:
    return f"{number // 100}.{number % 100}"


def _boards_that_fit(chip: str, flash_mib: int) -> str:
    """What to do about a chip that is not the board's."""
    fitting = fitting_boards(chip, flash_mib)
    if fitting:
        return f"boards like that are {', '.join(fitting)}: name yours with --board"
    if chip in chip_ids():
        return "no board here has it: write one with `pressel board new`, or take another board"
    return f"Pressel runs on {', '.join(chip_ids())}: take another board"


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
    """This comes first: a port can become another board's while a badge is made."""
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
