"""`pressel text`: a text from the leader box to all badges."""

from __future__ import annotations

from pathlib import Path

import click

from pressel.node import control as sockets


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--port", type=click.IntRange(1, 65535), help="UDP port of the leader meant.")
@click.option("--control", type=click.Path(path_type=Path), help="Its control socket.")
def text(words: tuple[str, ...], port: int | None, control: Path | None) -> None:
    """Send WORDS as a text to all badges of the leader on this machine."""
    members = sockets.ask(sockets.find(control, port), "text", text=" ".join(words))
    print(f"sent to {members} member{'' if members == 1 else 's'}")
