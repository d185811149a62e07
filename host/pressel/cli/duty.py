"""`pressel host status | resign | return | drain`: whether the host on this machine may lead."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pressel.cli.options import control_options
from pressel.cli.printed import print_console, print_table
from pressel.cli.told import read_answer
from pressel.errors import PresselError
from pressel.node import control as sockets
from pressel.node.node_state import DRAINED, DRAINING, ON_DUTY, NodeState

_LOOK_S = 0.5  # while a host drains

_WORDS = {ON_DUTY: "", DRAINING: ", drains", DRAINED: ", drained", "resigned": ", off duty"}


@click.command()
@control_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(port: int | None, control: Path | None, as_json: bool) -> None:
    """Show who leads and which hosts are there, as this machine's host sees it."""
    state = _state(sockets.ask(sockets.find(control, port), "host status"))
    if as_json:
        print(state.model_dump_json(indent=2))
    else:
        _show(state, print_console())


@click.command()
@control_options
@click.option("--force", is_flag=True, help="Resign even if nobody can lead then.")
def resign(port: int | None, control: Path | None, force: bool) -> None:
    """Let another host lead while this one is maintained.

    This host stands by without leading, until `pressel host return` or a restart. Refused when no
    other host can lead.
    """
    answer = sockets.ask(sockets.find(control, port), "host resign", force=force)
    leader = answer["leader"]
    print(
        f"resigned; {f'{leader} leads' if leader else 'nobody leads'}. `pressel host return` when "
        "this one may lead again"
    )
    if leader is None and not force:
        raise PresselError("no other host has taken over yet; see `pressel host status`")


@click.command("return")
@control_options
def return_to_duty(port: int | None, control: Path | None) -> None:
    """End maintenance: the host may lead again when the leader is gone."""
    sockets.ask(sockets.find(control, port), "host return")
    print("the host may lead again")


@click.command()
@control_options
@click.option("--no-wait", is_flag=True, help="Do not wait until everything is handed over.")
def drain(port: int | None, control: Path | None, no_wait: bool) -> int:
    """Prepare the host on this machine to be stopped without anybody noticing.

    It takes no new duty: it no longer stands for leader. If it leads, it continues until another
    host can lead, and then hands over. The command waits and says what is left to do; it ends when
    you may stop the host. Ctrl-C ends the waiting, not the draining: `pressel host return` does
    that.
    """
    path = sockets.find(control, port)
    state = _state(sockets.ask(path, "host drain"))
    told: list[str] = []
    while state.duty == DRAINING and not no_wait:
        if state.left != told:
            print(f"left to do: {'; '.join(state.left)}", file=sys.stderr)
        told = state.left
        time.sleep(_LOOK_S)
        state = _state(sockets.ask(path, "host status"))
    if state.duty == ON_DUTY:
        raise PresselError("the host was returned to duty meanwhile")
    if state.duty == DRAINING:
        print(f"the host drains; left to do: {'; '.join(state.left)}")
        return 1
    leads = f"{state.leader} leads; " if state.leader else ""
    print(f"drained: {leads}nothing is left to do here. Stop it, or `pressel host return`")
    return 0


def _state(answer: Any) -> NodeState:
    return read_answer(NodeState, answer, "host")


def _show(state: NodeState, console: Console) -> None:
    leads = "leads" if state.state == "leader" else f"{state.leader or 'nobody'} leads"
    words = f"{state.state}{_WORDS.get(state.duty, '')}"
    console.print(f"Host {state.host}, {words}: {escape(leads)}, term {state.term}")
    hosts = f", for hosts {state.hosts_address}" if state.hosts_address else ""
    console.print(f"For badges {state.badges_address}{hosts}")
    if state.peers:
        table = Table("Host", "Fingerprint", "Address", "Heard", box=None, pad_edge=False)
        for each in state.peers:
            silent = each.silent_ms
            heard = "never" if silent is None else f"{silent / 1000:.1f} s ago"
            table.add_row(escape(each.name), each.host, each.address or "not known", heard)
        print_table(table, console)
    if state.quorum > 1:
        console.print(f"{state.quorum} of {len(state.peers) + 1} hosts are needed to lead")
    if state.left:
        console.print(f"Left to do: {escape('; '.join(state.left))}")
    took = f", the last took {state.convergence_ms} ms" if state.convergence_ms is not None else ""
    counts = ", ".join(f"{count} {name}" for name, count in state.elections.items())
    console.print(f"Elections: {counts or 'none yet'}{took}")
