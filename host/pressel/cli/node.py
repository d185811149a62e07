"""`pressel node`: run a host that leads or stands by, and look at its cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pressel.cli.options import AddressOption, joining_option, state_option
from pressel.errors import PresselError
from pressel.node import control as sockets
from pressel.node.cluster_state import NodeState
from pressel.node.log import report_json, report_words
from ptt.base.numbers import PORT

HOSTS_PORT = PORT + 1

_PORT = click.option("--port", type=click.IntRange(1, 65535), help="UDP port of the host meant.")
_CONTROL = click.option("--control", type=click.Path(path_type=Path), help="Its control socket.")


@click.group(invoke_without_command=True)
@click.option(
    "--listen",
    type=AddressOption(PORT),
    default=f"0.0.0.0:{PORT}",
    show_default=True,
    help="Address and UDP port for badges; port 0 takes any free one.",
)
@click.option(
    "--hosts",
    type=AddressOption(HOSTS_PORT),
    default=f"0.0.0.0:{HOSTS_PORT}",
    show_default=True,
    help="Address and UDP port for other hosts.",
)
@click.option(
    "--peer",
    "peers",
    type=AddressOption(HOSTS_PORT),
    multiple=True,
    help="Where another host is, on a network on which they do not find each other.",
)
@click.option(
    "--class",
    "node_class",
    type=click.IntRange(0, 255),
    default=1,
    show_default=True,
    help="Hosts of a higher class lead before others.",
)
@click.option(
    "--discovery/--no-discovery", default=True, help="Look for other hosts by mDNS and broadcast."
)
@state_option("Folder for what the host keeps.")
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    help="Control socket for other commands; without it one named after the port.",
)
@joining_option()
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--dies-with-parent", is_flag=True, help="End when standard input closes.")
@click.pass_context
def node(
    ctx: click.Context,
    listen: tuple[str, int],
    hosts: tuple[str, int],
    peers: tuple[tuple[str, int], ...],
    node_class: int,
    discovery: bool,
    state: Path,
    control: Path | None,
    joining: str,
    as_json: bool,
    dies_with_parent: bool,
) -> None:
    """Run a host: it leads the venue, or stands by and leads when the leader is gone.

    Other hosts take part when each has allowed the others: see `pressel host`. Ctrl-C ends it, and
    another one leads at once.
    """
    if ctx.invoked_subcommand is not None:
        return
    from pressel.node.host import HostNode, HostOptions

    options = HostOptions(
        listen, hosts, state, control, peers, node_class, discovery, dies_with_parent, joining
    )

    async def run() -> None:
        await HostNode(options, report_json if as_json else report_words).run()

    asyncio.run(run())


@node.command()
@_PORT
@_CONTROL
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(port: int | None, control: Path | None, as_json: bool) -> None:
    """Show who leads and which hosts are there, as the host on this machine sees it."""
    answer = sockets.ask(sockets.find(control, port), "node")
    try:
        state = NodeState.model_validate(answer)
    except ValidationError as error:
        raise PresselError(
            "the host's answer is of another version of Pressel; update the older one"
        ) from error
    if as_json:
        print(state.model_dump_json(indent=2))
    else:
        _show(state, Console(emoji=False))


@node.command("return")
@_PORT
@_CONTROL
def return_to_duty(port: int | None, control: Path | None) -> None:
    """Maintenance is over: the host may lead again when the leader is gone."""
    sockets.ask(sockets.find(control, port), "return")
    print("the host may lead again")


def _show(state: NodeState, console: Console) -> None:
    leads = "leads" if state.state == "leader" else f"{state.leader or 'nobody'} leads"
    console.print(f"Host {state.host}, {state.state}: {escape(leads)}, term {state.term}")
    console.print(f"For badges {state.badges_address}, for hosts {state.hosts_address}")
    if state.peers:
        table = Table("Host", "Fingerprint", "Address", "Heard", box=None, pad_edge=False)
        for each in state.peers:
            silent = each.silent_ms
            heard = "never" if silent is None else f"{silent / 1000:.1f} s ago"
            table.add_row(escape(each.name), each.host, each.address or "not known", heard)
        console.print(table)
    if state.quorum > 1:
        console.print(f"{state.quorum} of {len(state.peers) + 1} hosts are needed to lead")
    took = f", the last took {state.convergence_ms} ms" if state.convergence_ms is not None else ""
    counts = ", ".join(f"{count} {name}" for name, count in state.elections.items())
    console.print(f"Elections: {counts or 'none yet'}{took}")
