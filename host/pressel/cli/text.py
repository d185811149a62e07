"""`pressel text`: a text from a host to all badges."""

from __future__ import annotations

from pathlib import Path

import click

from pressel.cli.options import control_options
from pressel.node import control as sockets


@click.command()
@click.argument("words", nargs=-1, required=True)
@control_options
def text(words: tuple[str, ...], port: int | None, control: Path | None) -> None:
    """Send WORDS as a text to all badges of the venue."""
    members = sockets.ask(sockets.find(control, port), "text", text=" ".join(words))
    print(f"sent to {members} member{'' if members == 1 else 's'}")
