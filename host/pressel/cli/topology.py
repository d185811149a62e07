"""`pressel topology`: who hears by what, and why."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli.options import control_options
from pressel.cli.printed import print_table
from pressel.node.channels import ChannelCost, channel_costs
from pressel.node.leader_state import UNTOLD, MemberState
from pressel.node.way_state import WayState

from .venue_now import venue_now


@click.command()
@control_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def topology(port: int | None, control: Path | None, as_json: bool) -> None:
    """Show how each badge gets its voice, and why, and what that takes of each channel."""
    state, _ = venue_now(control, port)
    rows = [_row(member) for member in sorted(state.members, key=_place)]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for relay in state.relays:
        print(
            f"{escape(relay.name)} {'relays' if relay.serves else 'does not relay'}: "
            f"{relay.listeners} badges, load {relay.load_percent} %, "
            f"round trip {relay.round_trip_ms} ms",
            file=sys.stderr,
        )
    for cost in channel_costs(state.members):
        print(_of_channel(cost), file=sys.stderr)
    table = Table("Access point", "Badge", "Group", "Gets voice", "Why", box=None)
    for row in rows:
        cells = [str(row[name]) for name in ("access_point", "badge", "group", "way", "why")]
        table.add_row(*map(escape, cells))
    print_table(table)


def _of_channel(cost: ChannelCost) -> str:
    place = cost.access_point if cost.access_point != UNTOLD else "Access point not told"
    ways = f"{cost.once} hear one transmission, {cost.alone} get copies"
    share = f"some {cost.percent} % of its channel{', which is too much' * cost.is_too_much}"
    return f"{place}: {ways}; who talks to group {cost.group} takes {share}"


def _place(member: MemberState) -> tuple[bool, str, str]:
    place = member.access_point
    return place == UNTOLD, place, member.name.lower()


def _row(member: MemberState) -> dict[str, object]:
    way = member.way
    words, why = _words(way)
    return {
        "access_point": member.access_point,
        "badge": member.name,
        "group": member.group,
        "way": words,
        "why": why,
        "probes": way.probes if way else None,
        "late": way.late if way else 0,
        "forged": way.forged if way else 0,
        "relay": way.relay if way else None,
    }


def _words(way: WayState | None) -> tuple[str, str]:
    """How it gets voice, and why."""
    if way is None:
        return "alone", "its leader's version knows no other way"
    if way.is_many:
        return "with all", way.why
    if way.relay is not None:
        return f"from {way.relay}", f"{way.why}; {way.relay_why}"
    return "alone", f"{way.why}; {way.relay_why}" if way.relay_why else way.why
