"""`pressel leader`: run the leader of a venue."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import platformdirs

from pressel.cli.options import AddressOption, joining_option
from pressel.node import control as sockets
from pressel.node.leader import LeaderNode, LeaderOptions
from pressel.node.log import report_json, report_words
from ptt.base.numbers import PORT


@click.group(invoke_without_command=True)
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
@joining_option()
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--dies-with-parent", is_flag=True, help="End when standard input closes.")
@click.pass_context
def leader(
    ctx: click.Context,
    listen: tuple[str, int],
    state: Path,
    control: Path | None,
    v1_bridge: bool,
    v1_rate: int | None,
    joining: str,
    as_json: bool,
    dies_with_parent: bool,
) -> None:
    """Run a leader: the box that decides who is a member and who may talk.

    Badges on the same network find it by themselves; those on another one are given its address.
    Ctrl-C ends it. It is alone: `pressel node` is a leader that others can replace.
    """
    if ctx.invoked_subcommand is not None:
        return
    report = report_json if as_json else report_words
    options = LeaderOptions(listen, state, control, dies_with_parent, v1_bridge, v1_rate, joining)
    asyncio.run(LeaderNode(options, report).run())


@leader.command()
@click.option("--port", type=click.IntRange(1, 65535), help="UDP port of the leader meant.")
@click.option("--control", type=click.Path(path_type=Path), help="Its control socket.")
def resign(port: int | None, control: Path | None) -> None:
    """Let another host lead, for maintenance of this one.

    This host stands by without ever leading, until `pressel node return` or a restart.
    """
    sockets.ask(sockets.find(control, port), "resign")
    print("resigned; another host leads. `pressel node return` when this one may lead again")
