"""`pressel leader`: run the leader of a venue."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import click
import platformdirs
import structlog

from pressel.cli.options import AddressOption
from pressel.node.leader import LeaderNode, LeaderOptions
from ptt.numbers import PORT

_WARNINGS = ("v1_bridge", "v1_not_announced")


@click.command()
@click.option(
    "--listen",
    type=AddressOption(PORT),
    default=f"0.0.0.0:{PORT}",
    show_default=True,
    help="Address and UDP port to serve on; port 0 takes any free one.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=platformdirs.user_state_path("pressel") / "leader",
    show_default=True,
    help="Folder for what the leader keeps.",
)
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    help="Control socket for `pressel status`; without it one named after the port.",
)
@click.option(
    "--v1-bridge", is_flag=True, help="Let old v1 apps take part. Insecure: off unless given."
)
@click.option(
    "--v1-rate",
    type=click.IntRange(8_000, 48_000),
    help="Sample rate of the old apps' voice in Hz; without it known from the size of packets.",
)
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--dies-with-parent", is_flag=True, help="End when standard input closes.")
def leader(
    listen: tuple[str, int],
    state: Path,
    control: Path | None,
    v1_bridge: bool,
    v1_rate: int | None,
    as_json: bool,
    dies_with_parent: bool,
) -> None:
    """Run a leader: the box that decides who is a member and who may talk.

    Badges on the same network find it by themselves; those on another one are given its address.
    Ctrl-C ends it.
    """
    report = _report_json if as_json else _report_words
    options = LeaderOptions(listen, state, control, dies_with_parent, v1_bridge, v1_rate)
    asyncio.run(LeaderNode(options, report).run())


def _report_json(event: str, fields: dict[str, Any]) -> None:
    try:
        print(json.dumps({"event": event, **fields}), flush=True)
    except BrokenPipeError:  # whoever read the events has left; the venue still needs its leader
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_words(event: str, fields: dict[str, Any]) -> None:
    say = _log().warning if event in _WARNINGS else _log().info
    say(event.replace("_", " "), **fields)


def _log() -> Any:
    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=14),
            ],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    return structlog.get_logger()
