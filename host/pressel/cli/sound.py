"""`pressel badge devices`: microphones and speakers for a soft badge."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli.printed import print_table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def devices(as_json: bool) -> None:
    """List microphones and speakers, for `pressel badge --microphone` and `--speaker`.

    Either takes the number, or a part of the name that no other has.
    """
    from pressel.soft.sound import load_portaudio

    portaudio = load_portaudio()
    chosen = tuple(portaudio.default.device)
    found = [_facts(number, each, chosen) for number, each in enumerate(portaudio.query_devices())]
    if as_json:
        print(json.dumps(found, indent=2))
        return
    if not found:
        print("this computer has no sound device; use --wav and --record", file=sys.stderr)
        return
    table = Table("Number", "Name", "Microphone", "Speaker", "Rate", box=None)
    for each in found:
        words = (_word(each, "microphone"), _word(each, "speaker"), f"{each['rate_hz']} Hz")
        table.add_row(str(each["number"]), escape(each["name"]), *words)
    print_table(table)


def _facts(number: int, told: Any, chosen: tuple[int, ...]) -> dict[str, Any]:
    return {
        "number": number,
        "name": str(told["name"]),
        "microphone": told["max_input_channels"] > 0,
        "speaker": told["max_output_channels"] > 0,
        "rate_hz": round(told["default_samplerate"]),
        "default_microphone": number == chosen[0],
        "default_speaker": number == chosen[1],
    }


def _word(each: dict[str, Any], what: str) -> str:
    return "" if not each[what] else "default" if each[f"default_{what}"] else "yes"
