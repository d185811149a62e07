"""`pressel audit`: who did what, when, on which host; and whether the log of it holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli.options import folder_option
from pressel.errors import UsageError
from pressel.node import audits
from pressel.registry import in_words
from pressel.registry.device import checked_public_key
from pressel.whole_file import new_file

from .printed import print_table

_STATE = folder_option()
_HASH_DIGITS = 64

json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, one entry a line.")
last_option = click.option(
    "--last", type=click.IntRange(1), metavar="COUNT", help="Only so many entries, the newest."
)


@click.group()
def audit() -> None:
    """Show and check the log of who did what on a host."""


@audit.command("list")
@last_option
@click.option(
    "--conflicts",
    is_flag=True,
    help="Only devices that hosts have changed while they did not hear of each other.",
)
@_STATE
@json_option
def list_entries(last: int | None, conflicts: bool, state: Path | None, as_json: bool) -> None:
    """List what was done, oldest first: devices, hosts, settings, updates."""
    if not conflicts:
        show(audits.lines(state), last, as_json)
        return
    found = audits.conflicts(state)
    if not found and not as_json:
        print("there are no conflicts", file=sys.stderr)
        return
    show(found, last, as_json)
    if not as_json:
        words = "the first entry of each device holds; change the device again to settle it"
        print(words, file=sys.stderr)


@audit.command()
@click.option(
    "--seen", multiple=True, metavar="HASH", help="An entry's hash that must still be in the log."
)
@click.option(
    "--also", multiple=True, metavar="PUBLIC_KEY", help="A key that this host had before."
)
@_STATE
def verify(seen: tuple[str, ...], also: tuple[str, ...], state: Path | None) -> None:
    """Check every entry, signature and text, and that devices and hosts are as the log says.

    While the host runs, the others are asked what they have of its log: a log whose end was cut
    off still holds by itself. Without others, keep the hash that this prints, and give it to
    --seen later: it must still be there.
    """
    keys = tuple(map(checked_public_key, also))
    if not all(map(_is_hash, seen)):
        raise UsageError(f"a hash has {_HASH_DIGITS} hexadecimal digits, as this command prints")
    head = audits.verify(state, keys, tuple(each.lower() for each in seen))
    print(head["hash"])
    print(
        f"all entries up to {head['entries']} hold, and devices and hosts are as they say",
        file=sys.stderr,
    )
    for words in _of_venue(head.get("venue") or {}):
        print(words, file=sys.stderr)


def _of_venue(venue: dict[str, list[str]]) -> Iterator[str]:
    """What other hosts have of the log."""
    said = (
        ("all", "nothing was cut off: {} has all of it", "nothing was cut off: {} have all of it"),
        ("behind", "{} has not heard the last of it yet", "{} have not heard the last of it yet"),
        ("silent", "{} did not answer", "{} did not answer"),
    )
    for word, one, more in said:
        names = venue.get(word, [])
        if names:
            yield (one if len(names) == 1 else more).format(" and ".join(names))


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_STATE
def export(file: Path, state: Path | None) -> None:
    """Write the whole log to the new FILE: one line of JSON an entry, with its signed bytes."""
    count = 0
    try:
        with new_file(file) as out:
            for line in audits.lines(state):
                out.write(json.dumps(line).encode() + b"\n")
                count += 1
    except FileExistsError:
        raise UsageError(f"{file} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    print(f"{count} entries are in {file}; it names people: keep it like the log", file=sys.stderr)


def show(lines: Iterable[audits.Line], last: int | None, as_json: bool) -> None:
    """Print entries, oldest first."""
    names: dict[str, str] = {}
    chosen = [in_words.named(line, names) for line in lines][-(last or 0) :]
    if as_json:
        for line in chosen:
            print(json.dumps(line))
        return
    table = Table(*in_words.HEADS, box=None)
    for line in chosen:
        table.add_row(*map(escape, in_words.cells(line)))
    print_table(table)


def _is_hash(word: str) -> bool:
    return len(word) == _HASH_DIGITS and all(each in "0123456789abcdefABCDEF" for each in word)
