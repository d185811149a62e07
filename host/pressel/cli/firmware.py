"""`pressel firmware`: build what runs on a badge."""

from __future__ import annotations

from pathlib import Path

import click

from pressel.firmware import ARCHITECTURES, build_firmware


@click.group()
def firmware() -> None:
    """Build what runs on a badge."""


@firmware.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/firmware"),
    show_default=True,
    help="Folder for the files and their manifest.",
)
@click.option(
    "--chip",
    type=click.Choice(sorted(ARCHITECTURES)),
    help="Add machine code for this chip; without it, the build runs on any.",
)
def build(out: Path, chip: str | None) -> None:
    """Compile the firmware to bytecode, with a manifest of sizes and hashes."""
    built = build_firmware(out, architecture=ARCHITECTURES[chip] if chip else "")
    print(f"{len(built.files)} files, {sum(file.bytes for file in built.files)} bytes in {out}")
