"""`pressel registry`: back up and restore what the leader knows of devices and hosts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pressel.cli.audit import json_option, last_option, show
from pressel.cli.options import folder_option
from pressel.node import audits, backups
from pressel.registry.database import KEY_FILE
from pressel.registry.log import VENUE

_STATE = folder_option()
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def registry() -> None:
    """Back up and restore the leader's registry of devices and hosts."""


@registry.command("log")
@last_option
@_STATE
@json_option
def show_log(last: int | None, state: Path | None, as_json: bool) -> None:
    """List who changed devices and hosts, oldest first; `pressel audit list` has more."""
    lines = (line for line in audits.lines(state) if line["subject"] != VENUE)
    show(lines, last, as_json)


@registry.command()
@_FILE
@click.option(
    "--former",
    is_flag=True,
    help="As the version of Pressel before the log reads it, to go back to that.",
)
@_STATE
def backup(file: Path, former: bool, state: Path | None) -> None:
    """Copy the registry to FILE; a host may be running."""
    folder = backups.back_up(state, file, is_former=former)
    print(
        f"{file} is written. It is useless without the key file {folder / KEY_FILE}: "
        "keep a copy of that too, in another place.",
        file=sys.stderr,
    )


@registry.command()
@_FILE
@click.option(
    "--unproved",
    is_flag=True,
    help="Take a backup of an earlier version, too, or one that its own log contradicts: "
    "anybody may have changed it.",
)
@_STATE
def restore(file: Path, unproved: bool, state: Path | None) -> None:
    """Replace the registry with the backup FILE; a host may be running.

    The key file must already be there; it proves that nobody has changed the backup. Devices
    revoked since the backup stay revoked; devices whose key was rotated since get their older
    key back.
    """
    backups.restore(state, file, is_unproved=unproved)
    print("restored; look with `pressel device list --all`", file=sys.stderr)
