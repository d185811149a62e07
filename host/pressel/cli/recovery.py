"""`pressel recovery`: what makes a new leader box when the old one is dead or stolen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from pressel.cli.options import folder_option, state_option
from pressel.node.door import folder_here
from pressel.registry import kit as kits

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def recovery() -> None:
    """Make a recovery kit, and a new box out of it.

    The kit holds the keys of a host, sealed by a passphrase that you keep on paper. With a backup
    of the registry it makes a new box that all badges know.
    """


@recovery.command()
@click.argument("file", type=_FILE)
@folder_option()
def kit(file: Path, state: Path | None) -> None:
    """Seal the keys of this machine's host into the new FILE, and print the passphrase."""
    print_kit(folder_here(state), file)


@recovery.command()
@click.argument("kit", metavar="KIT", type=_FILE)
@click.argument("backup", metavar="BACKUP", type=_FILE)
@click.option(
    "--stolen",
    is_flag=True,
    help="Somebody else may have the former box: be another host, which the others must allow.",
)
@state_option()
def restore(kit: Path, backup: Path, stolen: bool, state: Path) -> None:
    """Make this machine the host of KIT, with the registry in BACKUP.

    The passphrase is asked, or taken from PRESSEL_PASSPHRASE. On a new leader box use
    `pressel setup --restore KIT BACKUP`, which does this.
    """
    words = passphrase()
    kits.restore(kit, words, backup, state, is_stolen=stolen)
    if stolen:
        say_former(kits.open_kit(kit, words))
    print("restored; look with `pressel device list`", file=sys.stderr)


def say_former(keys: kits.Keys) -> None:
    """The log was begun by the former box, and is checked with its key, too."""
    print(f"check the log with: pressel audit verify --also {kits.former_key(keys)}")


def passphrase() -> str:
    """As a person types it from paper."""
    given = os.environ.get("PRESSEL_PASSPHRASE")
    return given if given is not None else click.prompt("Passphrase of the kit", err=True)


def print_kit(state: Path, file: Path) -> None:
    """Make the kit, and print its passphrase, which is nowhere else."""
    words = kits.new_passphrase()
    kits.make(state, file, words)
    print(f"passphrase of {file.name}: {words}")
    print(
        "Write it down or print it, and keep it apart from the kit; it is shown this once.",
        file=sys.stderr,
    )
