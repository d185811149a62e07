"""`pressel doctor`: what is wrong with this computer as a leader box, and how to mend it."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.markup import escape

from pressel.doctor.checks import examine

from .printed import print_console

_COLOURS = {"fine": "green", "warning": "yellow", "fault": "bold red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json: bool) -> int:
    """Look at this leader box: host, ports, firewall, clock, disk, addresses, backups and more.

    Exits with 1 when something must be mended, with 0 when not. It changes nothing.
    """
    found = examine()
    faults = sum(each.level == "fault" for each in found)
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return min(faults, 1)
    console = print_console()
    for each in found:
        colour = _COLOURS[each.level]
        console.print(f"[{colour}]{each.level:8}[/]{each.about}: {escape(each.words)}")
        if each.mend:
            console.print(f"        mend it: {escape(each.mend)}")
    warnings = sum(each.level == "warning" for each in found)
    console.print(f"{faults} to mend, {warnings} to look at")
    return min(faults, 1)
