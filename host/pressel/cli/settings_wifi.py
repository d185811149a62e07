"""`pressel settings wifi`: the badges' Wi-Fi, whose password is asked for and never shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from pressel.errors import UsageError
from pressel.flash.usable_settings import checked_wifi
from pressel.schema.concerned import named

from .settings_change import change_options, put, start
from .settings_room import lacking
from .venue_now import venue_now

_CHANGING = {"networks", "secret_texts"}  # as `ptt.leader.publisher.changes_networks`
_LONGEST = 4096  # bytes: no password is longer, whatever file was named


@click.command()
@click.argument("ssid", metavar="NAME")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read the password from the first line of this file, or of standard input ('-').",
)
@click.option("--open", "is_open", is_flag=True, help="The network has no password.")
@click.option(
    "--at-once",
    is_flag=True,
    help="Tell all badges at once. Without it a few try the network first; see `pressel rollout`.",
)
@change_options
def wifi(
    ssid: str, password_file: Path | None, is_open: bool, at_once: bool, **options: Any
) -> int:
    """Let the badges change to the Wi-Fi network NAME.

    Asks for its password. A badge tries the network when nobody talks, and returns by itself
    when it finds no leader there within 30 s. Back to the network of the flashing:
    `pressel settings set wifi.network=0`.

    ESP32-S3 badges can do it. A classic ESP32 or an ESP32-C3 can if its firmware is packed as
    ROMFS; under the stock image it has no room for it and stays where it is. Which badges stay is
    said first.
    """
    if is_open and password_file is not None:
        raise UsageError("an open network has no password; leave one of the two out")
    network = checked_wifi(ssid, "" if is_open else _password(password_file))
    state, _ = venue_now(options["control"], options["port"])
    if staying := lacking(state, _CHANGING):
        print(
            f"{named(staying)} cannot change by the leader's word and will stay: leave the old "
            "network on for them, or change them by cable with `pressel provision PORT --wifi`",
            file=sys.stderr,
        )
    if not at_once and not options["dry_run"]:
        return start({}, network=network, **options)
    return put({}, network=network, **options)


def _password(file: Path | None) -> str:
    """Asked for, or the first line of `file`."""
    if file is None:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to ask for the password: give --password-file")
        return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    try:
        with click.open_file(str(file), encoding="utf-8") as source:
            line = source.readline(_LONGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
        raise UsageError(f"cannot read the password from {file}: {words}") from error
    if not line:
        raise UsageError(f"the first line of {file} is empty; say --open for an open network")
    return line
