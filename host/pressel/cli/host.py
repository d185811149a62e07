"""`pressel host`: run a host, and say which other ones may be part of the venue."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli import completing, duty
from pressel.cli.completing import offering
from pressel.cli.host_run import run
from pressel.cli.options import folder_option
from pressel.cli.roll import opened
from pressel.errors import UsageError
from pressel.registry.choice import meant
from pressel.registry.device import checked_public_key
from pressel.registry.identity import fingerprint
from ptt.base.numbers import VOTERS_MAX

from .printed import print_table

_STATE = folder_option()
_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group()
def host() -> None:
    """Run a host, take it off duty, and choose which other hosts may take part."""


for command in (run, duty.status, duty.resign, duty.return_to_duty, duty.drain):
    host.add_command(command)


@host.command()
@_STATE
@_JSON
def show(state: Path | None, as_json: bool) -> None:
    """Show this host's public key, to allow it on the others."""
    with opened(state, makes=True) as roll:
        key = roll.own_key()
    if as_json:
        print(json.dumps({"public_key": key, "fingerprint": fingerprint(key)}, indent=2))
    else:
        print(key)
        print(f"to compare aloud: {fingerprint(key)}", file=sys.stderr)


@host.command()
@click.argument("name")
@click.argument("key", metavar="PUBLIC_KEY")
@_STATE
def allow(name: str, key: str, state: Path | None) -> None:
    """Let the host with PUBLIC_KEY take part, called NAME here.

    Compare the fingerprint, aloud or side by side, with the one that `pressel host show` prints
    there. The other host must also allow this one.
    """
    checked_public_key(key)
    with opened(state, makes=True) as roll:
        others = [roll.own_key(), *(each.public_key for each in roll.hosts())]
        if key.lower() == others[0]:
            raise UsageError("that is this host's own key; allow the others' keys here")
        if len(others) >= VOTERS_MAX and key.lower() not in others:
            raise UsageError(f"a venue has at most {VOTERS_MAX} hosts; remove one first")
        # The mark of a host is a part of the terms in which it leads: it must be its own.
        if key.lower() not in others and fingerprint(key)[:2] in {
            fingerprint(k)[:2] for k in others
        }:
            raise UsageError(
                "another host's fingerprint begins with the same byte; delete host.key in the "
                "state folder "
                "there, and allow the new key that `pressel host show` makes"
            )
        roll.allow_host(name, key)
    print(f"{name} is allowed: {fingerprint(key)}", file=sys.stderr)


@host.command()
@click.argument("name", metavar="HOST", shell_complete=offering(completing.hosts))
@_STATE
def remove(name: str, state: Path | None) -> None:
    """Stop HOST from taking part: its name, its public key, or as much of either as no other
    has."""
    with opened(state) as roll:
        known = {each.public_key: each.name for each in roll.hosts()}
        name = known[meant(known, name, "host", "`pressel host list`")]
        roll.remove_host(name)
    print(f"{name} is not allowed any more", file=sys.stderr)


@host.command("list")
@_STATE
@_JSON
def list_hosts(state: Path | None, as_json: bool) -> None:
    """List the allowed hosts."""
    with opened(state, writes=False) as roll:
        known = roll.hosts()
    if as_json:
        rows = [{"name": each.name, "public_key": each.public_key} for each in known]
        print(json.dumps(rows, indent=2))
        return
    table = Table("Host", "Fingerprint", "Public key", box=None)
    for each in known:
        table.add_row(escape(each.name), fingerprint(each.public_key), each.public_key)
    print_table(table)
