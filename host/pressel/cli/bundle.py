"""`pressel bundle`: one file about the venue for whoever helps."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from pressel.cli.health import all_bursts
from pressel.cli.options import control_options, folder_option
from pressel.cli.printed import print_table
from pressel.errors import PresselError, UsageError
from pressel.node import control as sockets
from pressel.node.door import folder_at, folder_here
from pressel.node.history import all_rows
from pressel.node.options import default_state
from pressel.printable import printable
from pressel.whole_file import new_file

TOLD_S = 2.0  # badges tell what they heard of a burst that is just over


@click.group()
def bundle() -> None:
    """Collect what helps to find a fault into one file, without names, texts, addresses or keys."""


@bundle.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--log", "logs", multiple=True, type=click.Path(dir_okay=False, path_type=Path),
    help="Add the events of a log, from `pressel host run --json` or a badge's serial port.",
)  # fmt: skip
@click.option("--minutes", type=click.IntRange(1, 10_000), help="Only what is not older than this.")
@click.option(
    "--record", "is_recorded", is_flag=True,
    help="Wait while you make the fault happen, until Enter; only what happens meanwhile is in it.",
)  # fmt: skip
@control_options
@folder_option("Folder in which the file lies that tells who is who; by default the host's.")
def make(
    file: Path, logs: tuple[Path, ...], minutes: int | None, is_recorded: bool, port: int | None,
    control: Path | None, state: Path | None,
) -> None:  # fmt: skip
    """Write the new FILE, a page that any browser shows.

    Badges and hosts have other names in it, always the same ones for this venue. Who is who,
    `pressel bundle who` tells here.
    """
    from pressel.bundle.contents import contents
    from pressel.bundle.page import render
    from pressel.bundle.pseudonyms import Pseudonyms
    from pressel.doctor.computers import of_the_venue
    from pressel.trace.logs import all_lines

    if minutes and is_recorded:
        raise UsageError("--record says by itself what is in it; leave --minutes out")
    path = sockets.find(control, port)
    sockets.ask(path, "figures")  # before anybody makes an effort
    folder = state or folder_at(path, default_state())
    since_s = time.time() - minutes * 60 if minutes else 0.0
    if is_recorded:
        since_s = time.time()
        print("Make the fault happen now; then press Enter.", file=sys.stderr)
        sys.stdin.readline()
        time.sleep(TOLD_S)
    names, now_s = Pseudonyms(folder), time.time()
    lines = [
        line for log in logs for line in all_lines(log) if line.at_s is None or line.at_s >= since_s
    ]
    told = _told(path)
    bursts = [each for each in told["bursts"] if each.at >= since_s]
    findings = of_the_venue(lambda verb: sockets.ask(path, verb), folder)
    venue = told["figures"], told["settings"], told["status"]
    hosts = told["cluster"], told["history"]
    made = contents(*venue, bursts, lines, names, now_s, findings, *hosts, since_s)
    made["recorded"] = {"from_s": since_s, "to_s": now_s} if is_recorded else None
    if why := names.keep():
        print(f"warning: {why}", file=sys.stderr)
    _write(file, render(made))
    print(f"{file} holds what may leave; look at it before you send it", file=sys.stderr)


@bundle.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="All of it, as JSON.")
def view(file: Path, as_json: bool) -> None:
    """Show what is in the bundle FILE."""
    from pressel.bundle.page import read

    found = read(file)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    try:
        lines, rows = _summary(found)
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise UsageError(f"{file} is damaged: it lacks parts of a bundle") from error
    for line in lines:
        print(printable(line))
    table = Table("Badge", "Hears", "R", "Lost", "Bursts", box=None)
    for row in rows:
        table.add_row(*map(printable, row))
    print_table(table)


def _summary(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """What is said first, and a row for each badge that listened."""
    needs = found.get("needs", {"why": "", "todo": []})  # older bundles tell nothing of it
    todo = [f"{each['title']}. {each['text']}" for each in needs["todo"]]
    counts = ", ".join(f"{len(found[part])} {part}" for part in ("badges", "bursts", "events"))
    lines = [
        f"Made {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(found['made_at']))} UTC",
        ", ".join(f"{name} {value}" for name, value in found["versions"].items()),
        f"{counts}; settings of version {found['settings']['version']}",
        *(f"- {words}" for words in (needs["why"], *todo) if words),
    ]
    rows = []
    for each in found["health"]["badges"]:
        r = "-" if each["r"] is None else f"{each['r']:.0f}"
        lost, bursts = f"{each['lost'] * 100:.1f} %", str(each["bursts"])
        rows.append([str(each["badge"]), each["word"] or "too little to say", r, lost, bursts])
    return lines, rows


@bundle.command()
@click.argument("name")
@folder_option("Folder of the host where the bundle was made; by default that of this one.")
def who(name: str, state: Path | None) -> None:
    """Tell which badge or host is called NAME in bundles of this venue."""
    from pressel.bundle.pseudonyms import Pseudonyms

    found = Pseudonyms(folder_here(state)).who(name)
    if found is None:
        raise UsageError(f"no bundle that was made here has a {name}")
    print(found)


def _told(path: sockets.Where) -> dict[str, Any]:
    """What the host says; as much as it can."""
    told: dict[str, Any] = {"status": None, "bursts": []}
    told["figures"] = sockets.ask(path, "figures")
    told["settings"] = sockets.ask(path, "settings")
    told["cluster"] = sockets.ask(path, "host status")
    told["history"] = None
    with contextlib.suppress(PresselError):  # a host of an older version keeps none
        told["history"] = all_rows(lambda verb, **fields: sockets.ask(path, verb, **fields))
    try:
        told["status"] = sockets.ask(path, "status")
        told["bursts"] = all_bursts(path)
    except PresselError as error:
        print(f"without badges and bursts: {error}", file=sys.stderr)
    return told


def _write(file: Path, text: str) -> None:
    try:
        with new_file(file) as out:
            out.write(text.encode())
    except FileExistsError:
        raise UsageError(f"{file} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise PresselError(f"cannot write {file}: {error.strerror}") from error
