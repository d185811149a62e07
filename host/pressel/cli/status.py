"""`pressel status`: who is there, who talks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pressel.cli.options import control_options
from pressel.legacy.state import INSECURE, V1ClientState
from pressel.node.leader_state import LeaderState

from .printed import print_console, print_table
from .venue_now import venue_now


@click.command()
@control_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(port: int | None, control: Path | None, as_json: bool) -> None:
    """Show who is there and who talks, as the leader sees it."""
    state, by = venue_now(control, port)
    if by:
        print(f"the host on this machine stands by; {by} leads", file=sys.stderr)
    if as_json:
        print(state.model_dump_json(indent=2))
    else:
        _show(state, print_console())


def _show(state: LeaderState, console: Console) -> None:
    console.print(
        f"Leader on {state.address}, term {state.term}, up {state.uptime_s:.0f} s, "
        f"{len(state.members)} member{'' if len(state.members) == 1 else 's'}"
    )
    for floor in state.floors:
        says = f"{floor.talker} talks" if floor.talker else "nobody talks"
        if floor.talks_ms is not None:
            says += f" for {floor.talks_ms // 1000} s"
        waiting = f"; waiting: {', '.join(floor.queue)}" if floor.queue else ""
        console.print(f"Group {floor.group}: {says}{waiting}", markup=False)
    if state.members:
        print_table(_members(state), console)
        if any(member.badge for member in state.members):
            print_table(_badges(state), console)
        console.print(f"Features: {_features(state)}", markup=False)
    if state.refused:
        console.print(f"Datagrams refused: {_counts(state.refused)}")
    for words in (*not_heard(state), *held_off(state)):
        console.print(words, markup=False)
    if state.v1_clients is not None:
        _show_v1(state.v1_clients, state.v1_refused, console)
    if state.is_v1_off:
        console.print("The v1 bridge is off: the setting joining.old_apps is off")


def held_off(state: LeaderState) -> Iterator[str]:
    """A line for each device that was held off."""
    for each in state.held:
        ago = f"{each.ago_ms / 1000:.0f} s ago"
        who = f"{each.name or '?'} ({each.device})"
        yield f"Held off: {who}, {each.why}; {each.times} datagrams, the last {ago}"


def not_heard(state: LeaderState) -> Iterator[str]:
    """A line for each badge that was here a while ago."""
    for each in state.away:
        battery = each.battery_percent
        told = "" if battery is None else f"; its battery then was at {battery} %"
        yield f"Not heard for {each.silent_ms / 1000:.0f} s: {each.name} ({each.device}){told}"


def _show_v1(clients: list[V1ClientState], refused: dict[str, int], console: Console) -> None:
    count = f"{len(clients)} old app{'' if len(clients) == 1 else 's'}"
    console.print(f"[bold red]INSECURE[/]: the v1 bridge is on, {count}; {INSECURE}")
    if clients:
        table = Table("Old app", "Address", "Button", "Heard", "Voice not read", box=None)
        for each in clients:
            heard = f"{each.silent_ms / 1000:.1f} s ago"
            dropped = f"{each.voice_dropped} packets"
            table.add_row(escape(each.name), each.address, each.press, heard, dropped)
        print_table(table, console)
    if refused:
        console.print(f"Of old apps refused: {_counts(refused)}")


def _features(state: LeaderState) -> str:
    """How many members have each; --json says which ones."""
    names = dict.fromkeys(name for member in state.members for name in member.features)
    counts = {name: sum(name in member.features for member in state.members) for name in names}
    words = [f"{count} with {name.replace('_', ' ')}" for name, count in counts.items()]
    return ", ".join(words) or "no member has any"


def _counts(refused: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in refused.items())


def _members(state: LeaderState) -> Table:
    talkers = {floor.node for floor in state.floors}
    table = Table("Node", "Name", "Device", "Address", "Build", "Heard", "", box=None)
    for member in state.members:
        notes = ["talks"] if member.node in talkers else []
        if member.table_advice:
            notes.append(member.table_advice)
        if not member.reads_secret_texts:
            notes.append("gets texts in the clear")
        table.add_row(
            str(member.node),
            escape(member.name),
            member.device,
            member.address,
            escape(member.build),
            f"{member.silent_ms / 1000:.1f} s ago",
            ", ".join(notes),
        )
    return table


def _badges(state: LeaderState) -> Table:
    """What badges report of themselves."""
    table = Table(
        "Badge", "Signal", "Access point", "Battery", "Lost", "Round trip", "Free memory", "Said",
        box=None,
    )  # fmt: skip
    for member in state.members:
        badge = member.badge
        if badge is None:
            continue
        place = badge.access_point or "?"
        table.add_row(
            escape(member.name),
            _known(badge.signal_dbm, "{} dBm"),
            place if badge.channel is None else f"{place}, channel {badge.channel}",
            _known(badge.battery_percent, "{} %"),
            _known(member.lost_percent, "{:.1f} %"),
            _known(badge.round_trip_ms, "{} ms"),
            _known(badge.heap_free_bytes, "{:,} bytes"),
            f"{badge.ago_ms / 1000:.0f} s ago",
        )
    return table


def _known(value: float | None, words: str) -> str:
    return "" if value is None else words.format(value)
