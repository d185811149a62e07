"""`pressel flash`: make badges out of boards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from pressel.boards.board import load_board
from pressel.boards.heap import left_out, missing_of, speech_lacks, too_little
from pressel.cli import completing
from pressel.cli.attached import open_registry, ports_of, tell_all, wifi_network
from pressel.cli.completing import offering
from pressel.cli.options import folder_option
from pressel.cli.packing import build_folder, packing_option
from pressel.cli.power import power_options
from pressel.flash.fleet import flash_fleet
from pressel.flash.image import Image, read_image
from pressel.flash.messages import flash_error
from pressel.flash.order import Order, Outcome, read_firmware, read_rom
from pressel.flash.pins import newest_image
from pressel.flash.power import Power, in_words
from pressel.flash.usable_settings import checked_leader
from pressel.node.release_door import first_signer, own_signer
from pressel.pack import ARCHITECTURES, PACKINGS, STOCK, build_firmware
from pressel.registry.device import GROUP_MAX, checked_name
from pressel.update.release import SLOT
from ptt.link.update_manifest import SIGNER


@click.command()
@click.option("--port", "ports", multiple=True, shell_complete=offering(completing.ports),
              help="Serial port of the badge; may be repeated.")  # fmt: skip
@click.option("--all", "is_all", is_flag=True, help="Every attached badge.")
@click.option(
    "--board",
    "board_id",
    required=True,
    shell_complete=offering(completing.boards),
    help="Name of the board; see `pressel board list`.",
)
@click.option(
    "--image", type=click.Path(dir_okay=False, path_type=Path),
    help="MicroPython image from its makers; default: the newest fetched or pinned one.",
)  # fmt: skip
@click.option("--image-sha256", help="SHA-256 of the image, from somebody else.")
@packing_option
@click.option("--wifi", help="Name of the venue's Wi-Fi network.")
@click.option("--wifi-password", envvar="PRESSEL_WIFI_PASSWORD", help="Its password.")
@click.option("--leader", default="", help="Address of the leader; by default badges search.")
@click.option(
    "--name", default="", help="Name of the badge; by default a known badge keeps its name."
)
@click.option(
    "--group", "groups", type=click.IntRange(1, GROUP_MAX), multiple=True,
    shell_complete=offering(completing.groups),
    help="Talk group; may be repeated. By default a known badge keeps its groups, a new one joins "
        "group 1.",
)  # fmt: skip
@power_options
@folder_option()
@click.option("--no-registry", is_flag=True, help="Do not register the badge.")
@click.option(
    "--labels", type=click.Path(file_okay=False, path_type=Path), default=Path("build/labels"),
    show_default=True, help="Folder for the labels.",
)  # fmt: skip
@click.option("--erase", is_flag=True, help="Erase the whole badge first.")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--only-app", is_flag=True, help="Write firmware and settings, not the image.")
@click.option(
    "--new-identity", is_flag=True, help="Give it a new identity: it becomes another device."
)
@click.option(
    "--twin", is_flag=True,
    help="Give it an identity of its own: another badge has its address, and stays.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Outcomes as JSON.")
def flash(
    ports: tuple[str, ...], is_all: bool, board_id: str, image: Path | None,
    image_sha256: str | None, packing: str, wifi: str | None, wifi_password: str | None,
    leader: str, name: str, groups: tuple[int, ...], power_save: bool | None,
    off_duty_after: int | None, state: Path | None, no_registry: bool, labels: Path,
    erase: bool, dry_run: bool, only_app: bool, new_identity: bool, twin: bool, as_json: bool,
) -> int:  # fmt: skip
    """Make badges: check, write, verify, start, check again, register, write a label.

    If a run fails, run it again. A badge that is flashed again keeps its identity.
    """
    if only_app and (erase or image):
        raise flash_error("erase-app" if erase else "image-app")
    if twin and new_identity:
        raise flash_error("twin-new")
    if not wifi:
        raise flash_error("no-wifi")
    checked_leader(leader)
    found = ports_of(ports, is_all)
    if name and len(found) > 1:
        raise flash_error("one-name")
    network = wifi_network(wifi, wifi_password)
    board = load_board(board_id)
    power = Power(power_save, off_duty_after)
    if lack := speech_lacks(board.chip, board.facts(), packing, power.options()):
        raise flash_error("no-memory", options=in_words(power.options()), found=f"{lack:,}")
    vendor = None if only_app else _image(board.chip, image, image_sha256)
    if vendor is not None:
        _tell_packings(vendor, packing)
    folder = build_folder(packing) / board.chip
    firmware = build_firmware(
        folder,
        packing=PACKINGS[packing],
        architecture=ARCHITECTURES.get(board.chip, ""),
        without=left_out(board.chip, packing),
    )
    if missing := missing_of(board, packing):
        print(f"no room for {', '.join(missing)}: the badge goes without", file=sys.stderr)
    if lack := too_little(board.chip, board.facts(), packing, power.options()):
        print(f"warning: {lack}", file=sys.stderr)
    files = read_firmware(firmware)
    if PACKINGS[packing] is STOCK and not dry_run:  # an image takes no updates
        public = own_signer() if no_registry else first_signer(state)
        files[f"{SLOT}/{SIGNER}"] = bytes.fromhex(public)
    order = Order(
        board_id, board, files, network, vendor, leader,
        checked_name(name) if name else "", groups, labels, erase, dry_run, new_identity,
        twin, read_rom(firmware), power,
    )  # fmt: skip
    registry = None if no_registry else open_registry(state, is_made=not dry_run)
    outcomes = flash_fleet(found, order, registry)
    if as_json:
        print(json.dumps([vars(each) for each in outcomes], indent=2))
    return tell_all(outcomes, lambda each: None if as_json else _word(dry_run, each))


def _tell_packings(image: Image, packing: str) -> None:
    """The packings that the image can take; FlashError when the requested one is not among them."""
    if packing not in image.packings:
        raise flash_error("no-romfs", where=image.name)
    if len(image.packings) > 1:
        words = " and ".join(image.packings)
        print(
            f"{image.name} can take {words}; the firmware is packed as {packing}", file=sys.stderr
        )


def _image(chip: str, file: Path | None, sha256: str | None) -> Image:
    if file is not None:
        return read_image(file, sha256)
    newest = newest_image(chip)
    if newest is None:
        raise flash_error("no-image", chip=chip)
    return read_image(newest, sha256)


def _word(is_dry: bool, outcome: Outcome) -> str:
    who = f"{outcome.name} ({outcome.device})"
    if is_dry:
        parts = (f"{-(-size // 1024)} KiB at {at:#x}" for at, size in outcome.regions)
        words = f"would be {who}, packed as {outcome.packing}: {', '.join(parts)}"
        return f"{words}; nothing was written"
    return f"is {who}" + (f"; label: {outcome.label}" if outcome.label else "")
