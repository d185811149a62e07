"""`pressel text`: a text from a host to all badges."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pressel.cli.options import control_options
from pressel.errors import PresselError
from pressel.node import control as sockets


@click.command()
@click.argument("words", nargs=-1, required=True)
@control_options
def text(words: tuple[str, ...], port: int | None, control: Path | None) -> None:
    """Send WORDS as a text to all badges of the venue. Exits with 1 when none is there."""
    told = sockets.ask(sockets.find(control, port), "text", text=" ".join(words))
    members = told["members"] if isinstance(told, dict) else told  # an earlier version leads
    if not members:
        raise PresselError("nobody is there: no badge has got the text; see `pressel status`")
    print(f"sent to {members} member{'' if members == 1 else 's'}")
    in_clear = told["in_clear"] if isinstance(told, dict) else []
    if in_clear:
        print(
            f"in the clear, for everybody on the radio to read, to {', '.join(in_clear)}: update "
            "them with `pressel update start`",
            file=sys.stderr,
        )
