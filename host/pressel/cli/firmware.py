"""`pressel firmware`: build what runs on a badge, and get the MicroPython that it runs on."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from pressel.boards.heap import left_out
from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.cli.packing import build_folder, packing_option
from pressel.flash.fetch import fetch_image, keep_checked
from pressel.flash.image import parse_image, read_bounded
from pressel.flash.messages import FlashError, flash_error
from pressel.flash.pins import Pin, find_pin, image_folder, keep_image, known_pins
from pressel.flash.places import (
    find_image,
    is_address,
    likely_folders,
    remember_place,
    remembered_place,
)
from pressel.pack import ARCHITECTURES, PACKINGS, build_firmware

from .printed import print_table

PORTABLE = "any"  # the build without machine code


@click.group()
def firmware() -> None:
    """Build a badge's firmware, and get the MicroPython that it runs on."""


@firmware.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="build/firmware, or build/romfs",
    help="Folder for the files and their manifest; without --chip, one subfolder per chip.",
)
@click.option(
    "--chip",
    type=click.Choice((PORTABLE, *sorted(ARCHITECTURES))),
    help="Build only for this chip; 'any' has no machine code and runs on all chips.",
)
@packing_option
def build(out: Path | None, chip: str | None, packing: str) -> None:
    """Compile the firmware for each chip, with a manifest of versions, sizes and hashes.

    The same sources give the same bytes on every machine.
    """
    out = out or build_folder(packing)
    folders = {chip: out} if chip else {each: out / each for each in (PORTABLE, *ARCHITECTURES)}
    for each, folder in folders.items():
        without = left_out("" if each == PORTABLE else each, packing)
        built = build_firmware(
            folder,
            packing=PACKINGS[packing],
            architecture=ARCHITECTURES.get(each, ""),
            without=without,
        )
        size = sum(file.bytes for file in built.files)
        rom = f" (one an image of {len(built.rom)} modules)" if built.rom else ""
        print(f"{folder}: {len(built.files)} files{rom}, {size} bytes, SHA-256 {built.digest}")
        if without:
            print(f"{folder}: no room for {', '.join(without)}", file=sys.stderr)


@firmware.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def images(as_json: bool) -> None:
    """List the images of MicroPython that are pinned, and which of them are here."""
    folder = image_folder()
    pins = known_pins()
    here = {pin.name: (folder / pin.name).is_file() for pin in pins}
    packings = {name: _packings(folder / name) for name, is_here in here.items() if is_here}
    if as_json:
        rows = [
            {**pin.model_dump(), "here": here[pin.name], "packings": packings.get(pin.name, [])}
            for pin in pins
        ]
        print(json.dumps(rows, indent=2))
        return
    table = Table("Image", "Chip", "Bytes", "SHA-256", "Here", "Packings", box=None)
    for pin in pins:
        words = ", ".join(packings.get(pin.name, []))
        is_here = "yes" if here[pin.name] else "no"
        table.add_row(pin.name, pin.chip, f"{pin.bytes:,}", pin.sha256, is_here, words)
    print_table(table)


def _packings(file: Path) -> list[str]:
    """The packings that the image can take; none when it is damaged: flashing it reports that."""
    try:
        return parse_image(str(file), read_bounded(file)).packings
    except FlashError:
        return []


@firmware.command()
@click.argument("image", shell_complete=offering(completing.images))
@click.option("--from", "base", envvar="PRESSEL_IMAGES", help="Address or folder of the images.")
@click.option("--sha256", help="SHA-256 of an image that is not pinned yet.")
def fetch(image: str, base: str | None, sha256: str | None) -> None:
    """Get the image with the file name IMAGE, or the pinned one for that chip, and keep it for
    flashing.

    Without --from it comes from where the last one came from, or from a stick or folder on which it
    is found.
    """
    pin = find_pin(image)
    if sha256 is not None:
        name = pin.name if pin else image
        pin = Pin(name=name, chip="", bytes=0, sha256=sha256.lower())
    if pin is None or Path(pin.name).name != pin.name:
        raise flash_error("unknown-image", file=image)
    print(_fetched(pin, base))


def _fetched(pin: Pin, base: str | None) -> Path:
    """From `base`; without it from where the last one came, else from wherever it is found."""
    place, missed = base or remembered_place(), None
    if base or is_address(place):
        try:
            kept = _download(pin, place)
            remember_place(place)
            return kept
        except FlashError as error:
            missed = error
    folders = [Path(place)] if place and not is_address(place) else []
    found = find_image(pin, folders if base else folders + likely_folders())
    if found is None:
        raise missed or flash_error("no-source", file=pin.name, board=pin.name.partition("-")[0])
    kept = keep_checked(pin, read_bounded(found))
    print(f"found as {found}", file=sys.stderr)
    remember_place(str(found.parent))
    return kept


def _download(pin: Pin, place: str) -> Path:
    """FlashError when it is not there, or another."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    is_shown = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=not is_shown) as bars:
        bar = bars.add_task(pin.name, total=pin.bytes or None)
        return fetch_image(pin, place, lambda count: bars.update(bar, completed=count))


@firmware.command("pin")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--sha256", help="SHA-256 that it must have, from somebody else.")
def pin_file(file: Path, sha256: str | None) -> None:
    """Vouch for the image FILE: keep it for flashing, and remember its SHA-256."""
    data = read_bounded(file)
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and sha256.lower() != found:
        raise flash_error("image-hash", file=file, found=found, wanted=sha256)
    image = parse_image(str(file), data)
    pin = Pin(name=file.name, chip=image.chip, bytes=len(data), sha256=found)
    kept = keep_image(pin, data)
    print(f"{kept}: for {pin.chip}, SHA-256 {found}")
    if sha256 is None:
        print("compare that with another source before you flash it", file=sys.stderr)
