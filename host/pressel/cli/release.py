"""`pressel release`: sign what badges run, away from the leader."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

from pressel.boards.heap import left_out
from pressel.pack import ARCHITECTURES, STOCK, build_firmware
from pressel.signer.lms import LEAVES
from pressel.signer.signer import FEW_LEAVES, Signer, default_folder, make_signer
from pressel.update import keys
from pressel.update.release import ANY_CHIP, number_of, sign_build
from ptt.link import update_manifest as manifest

_CHIPS = (ANY_CHIP, *sorted(ARCHITECTURES))
_SIGNER = click.option(
    "--signer",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PRESSEL_SIGNER",
    default=default_folder,
    show_default=str(default_folder()),
    help="Folder of the signer.",
)


@click.group()
def release() -> None:
    """Sign releases that badges take over the air, on a computer that is no host.

    A venue's signer is a folder. Whoever has it can make firmware for the venue's badges: keep it
    on a stick, in a locked drawer.
    """


@release.command()
@_SIGNER
def keygen(folder: Path) -> None:
    """Make a signer, and print its public key."""
    signer = make_signer(folder)
    print(signer.public.hex())
    print(
        f"{folder} signs {LEAVES:,} releases: keep it off the leader box. On a host, run `pressel "
        "update trust` with what is printed above.",
        file=sys.stderr,
    )


@release.command()
@_SIGNER
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(folder: Path, as_json: bool) -> None:
    """Print the signer's public key, and how many releases it can still sign."""
    signer = Signer(folder)
    with signer.held():
        left = signer.left()
    if as_json:
        print(json.dumps({"public": signer.public.hex(), "leaves": LEAVES, "left": left}))
        return
    print(signer.public.hex())
    _tell_left(left)


@release.command()
@click.argument(
    "build", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@_SIGNER
@click.option("--chip", type=click.Choice(_CHIPS), help="Chip that the build is for.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write, or their folder.")
@click.option("--next", "following", help="Public key of the signer that takes over from this one.")
@click.option(
    "--allow-downgrade", is_flag=True, help="Badges may run it in place of a newer release."
)
def sign(
    build: Path | None,
    folder: Path,
    chip: str | None,
    out: Path | None,
    following: str | None,
    allow_downgrade: bool,
) -> None:
    """Sign BUILD, a folder of `pressel firmware build`, for one chip ('any' by default).

    Without BUILD, sign the firmware of this installation: for one chip, or a file per chip.
    """
    signer = Signer(folder)
    following = keys.checked(following) if following else ""
    flags = manifest.DOWNGRADE if allow_downgrade else 0
    if build is not None:
        file = out or Path(f"pressel-{build.name}.zip")
        _sign(build, chip or ANY_CHIP, signer, file, following, flags)
    else:
        if chip is None and out is not None:
            out.mkdir(parents=True, exist_ok=True)
        for each in (chip,) if chip else _CHIPS:
            with tempfile.TemporaryDirectory() as work:
                made = Path(work) / each
                without = left_out("" if each == ANY_CHIP else each, STOCK.name)
                build_firmware(made, architecture=ARCHITECTURES.get(each, ""), without=without)
                name = Path(f"pressel-{number_of(made)}-{each}.zip")
                file = out or name if chip else (out or Path()) / name
                _sign(made, each, signer, file, following, flags)
    with signer.held():
        _tell_left(signer.left())


def _sign(build: Path, chip: str, signer: Signer, file: Path, following: str, flags: int) -> None:
    made = sign_build(build, chip, signer, file, following, flags)
    print(file)
    words = f"release {made.number} ({made.build}) for {made.chip}, signed by leaf {made.leaf}"
    print(words + ("; it brings the next key" if following else ""), file=sys.stderr)


@release.command()
@_SIGNER
@click.option("--next-leaf", type=click.IntRange(0, LEAVES), help="The first one to use.")
def adopt(folder: Path, next_leaf: int | None) -> None:
    """Go on signing here with a signer that was moved to this computer, or restored from a copy.

    Only when no other copy of it stays in use: a leaf that signs twice gives the key away. Some
    leaves are left out, since the copy may not know of all that were used. The highest leaf that a
    host has seen is in `pressel update list`.
    """
    signer = Signer(folder)
    with signer.held():
        leaf = signer.adopt(next_leaf)
        left = signer.left() if leaf < LEAVES else 0
    print(f"goes on with leaf {leaf}", file=sys.stderr)
    _tell_left(left)


def _tell_left(left: int) -> None:
    words = f"{left:,} of {LEAVES:,} leaves are left"
    if left <= FEW_LEAVES:
        words += "; make the next signer and hand over to it with `pressel release sign --next`"
    print(words, file=sys.stderr)
