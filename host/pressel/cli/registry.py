"""`pressel registry`: back up and restore what the leader knows of devices and hosts."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from pressel.cli.audit import json_option, last_option, show
from pressel.cli.options import folder_option
from pressel.node import audits, backups
from pressel.registry.log import VENUE
from pressel.registry.vault import KEY_FILE

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
    help="In the form that Pressel read before it had the log, to go back to that version.",
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
    aside = backups.restore(state, file, is_unproved=unproved)
    if aside is not None:
        print(
            f"the registry was damaged, and is {aside} now; devices revoked since the backup may "
            "take part again: look for them",
            file=sys.stderr,
        )
    print("restored; look with `pressel device list --all`", file=sys.stderr)


@registry.command()
@click.option("--host", required=True, metavar="HOST", help="Its name here, or its public key.")
@click.option(
    "--since",
    required=True,
    type=click.DateTime(("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")),
    metavar="TIME",
    help="From when on, such as '2026-11-28 14:00'.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@_STATE
def undo(host: str, since: datetime, dry_run: bool, state: Path | None) -> None:
    """Undo what a removed HOST has written about devices since TIME, or had the leader write.

    New entries of the log say so; what others have changed afterwards stays. Keys that are gone do
    not come back.
    """
    steps = backups.undo(state, host, int(since.timestamp()), is_dry=dry_run)
    for step in steps:
        print(f"{step['subject']}: {step['becomes']}")
    count = sum(bool(step["changes"]) for step in steps)
    done = "would be changed" if dry_run else "are changed; see `pressel registry log`"
    print(f"{count} devices {done}", file=sys.stderr)
