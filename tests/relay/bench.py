"""`make bench-relay`: processor time of a delivered frame of 20 ms, ours and others', in one run.

All contestants are there from the beginning and take turns in an order that is dealt anew each
round, so that what the machine does besides hits all of them. Times are of one machine at one
moment; what counts is the ratio.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_MS
from ptt.wire import envelope, voice

from . import goals, many, murmur
from .c_loop import CLoop
from .pressel_host import PresselHost

TURN_PACKETS = 100  # two seconds of talk
REST_S = 0.2  # until the last packet has arrived
SETTLED_S = 2.0  # all members are there for so long, and have told what they hear
SETTLE_LIMIT_S = 60.0
PACKET_BYTES = voice.FRAMES_AT + ADPCM_FRAME_BYTES + envelope.TAG_BYTES


@click.command()
@click.option("--listeners", default=100, show_default=True, help="Who hears the one talker.")
@click.option("--rounds", default=8, show_default=True, help="Turns of each contestant.")
@click.option(many.IN_NETWORK, "in_network", is_flag=True, hidden=True)
def main(listeners: int, rounds: int, in_network: bool) -> None:
    why_not = "" if in_network else many.why_not()
    if in_network:
        many.set_up_network()
    elif not why_not:
        many.move_to_own_network("tests.relay.bench")
    with tempfile.TemporaryDirectory(prefix="pressel-relay-") as folder:
        found = turns(Path(folder), listeners, rounds, is_many=in_network)
    _print(found, listeners)
    if why_not:
        click.echo(f" Multicast is not measured: {why_not}.")


@dataclass(frozen=True)
class Turn:
    """`rest_us`: of `us_a_frame`, what the members cost in that time when nobody speaks; `heard`:
    the share of frames that came, of what all listeners should have got."""

    us_a_frame: float
    rest_us: float
    heard: float


def costs(work: Path, listeners: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds a delivered frame, of each turn, by contestant."""
    found = turns(work, listeners, rounds)
    return {name: [turn.us_a_frame for turn in each] for name, each in found.items()}


def turns(
    work: Path, listeners: int, rounds: int, *, is_many: bool = False
) -> dict[str, list[Turn]]:
    """All turns, by contestant; `is_many`: in a network in which one of them can use multicast."""
    contestants = _contestants(work, listeners, is_many)
    try:
        _settle(contestants)
        return _play(contestants, rounds, listeners)
    finally:
        for each in contestants:
            each.contestant.close()


def _contestants(work: Path, listeners: int, is_many: bool) -> list[Any]:
    packet = bytes(PACKET_BYTES)
    found: list[Any] = [
        PresselHost(work, listeners, goals.PRESSEL),
        PresselHost(work, listeners, goals.PLAIN),
        CLoop(work, listeners, packet, has_tags=True),
        CLoop(work, listeners, packet, has_tags=False),
    ]
    if is_many:
        found.append(PresselHost(work, listeners, goals.MANY))
    if murmur.program() is not None:
        found.append(murmur.Murmur(work, listeners, b"\x5a" * ADPCM_FRAME_BYTES))
    return found


def _settle(contestants: list[Any]) -> None:
    """While one began, the others' members may have been lost, and have to come back."""
    until_s = time.monotonic() + SETTLE_LIMIT_S
    steady_s = time.monotonic()
    while time.monotonic() - steady_s < SETTLED_S:
        for each in contestants:
            each.tend()
            each.contestant.listen(0.002)
            if not each.is_ready():
                steady_s = time.monotonic()
        if time.monotonic() > until_s:
            raise click.ClickException("the members do not stay; is this machine too busy?")


def _play(contestants: list[Any], rounds: int, listeners: int) -> dict[str, list[Turn]]:
    found: dict[str, list[Turn]] = {each.contestant.name: [] for each in contestants}
    for _ in range(rounds):
        for each in random.sample(contestants, len(contestants)):
            for other in contestants:
                other.tend()
                other.contestant.listen(0.001)
            began_s = time.monotonic()
            spent_s, delivered = _turn(each, contestants)
            took_s = time.monotonic() - began_s
            for other in contestants:
                if other is not each:
                    other.contestant.rested(took_s)
            name = each.contestant.name
            if not delivered:
                click.echo(f"{name} delivered nothing in a turn, which is left out.", err=True)
                continue
            heard = delivered / (TURN_PACKETS * listeners)
            rest_s = each.contestant.rest_share * took_s
            found[name].append(Turn(spent_s / delivered * 1e6, rest_s / delivered * 1e6, heard))
    silent = [name for name, each in found.items() if not each]
    if silent:
        raise click.ClickException(f"{', '.join(silent)} delivered nothing at all; run it again.")
    return found


def _turn(speaker: Any, contestants: list[Any]) -> tuple[float, int]:
    for each in contestants:
        each.contestant.mark()
    speaker.press()
    due_s = time.monotonic()
    for _ in range(TURN_PACKETS):
        speaker.speak()
        due_s += FRAME_MS / 1000
        speaker.tend()
        for other in contestants:
            if other is not speaker:
                other.tend()
                other.contestant.listen(0.0005)
        speaker.contestant.listen(due_s - time.monotonic())
    speaker.release()
    speaker.contestant.listen(REST_S)
    return speaker.contestant.spent()


def _print(found: dict[str, list[Turn]], listeners: int) -> None:
    title = f"Processor time of a delivered frame: one talker, {listeners} listeners"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("", no_wrap=True)
    for head in ("us a frame", "slow quarter", "at rest", "heard", "x Murmur", "x C, tags"):
        table.add_column(head, justify="right")
    times = {name: [turn.us_a_frame for turn in each] for name, each in found.items()}
    middle = {name: statistics.median(each) for name, each in times.items()}
    rest = {name: statistics.median(turn.rest_us for turn in found[name]) for name in found}
    for name, each in times.items():
        quarter = statistics.quantiles(each, n=4)[2] if len(each) > 1 else each[0]
        peer = middle.get(goals.MURMUR)
        table.add_row(
            name,
            f"{middle[name]:.2f}",
            f"{quarter:.2f}",
            f"{rest[name]:.2f}",
            f"{min(turn.heard for turn in found[name]):.0%}",
            f"{middle[name] / peer:.2f}" if peer else "-",
            f"{middle[name] / middle[goals.C_TAGS]:.2f}",
        )
    Console().print(table)
    width = max(len(name) for name in found)
    click.echo()
    for name in found:
        click.echo(f" {name:{width}}  {goals.WHO[name]}")
    click.echo("\n A frame is 20 ms of voice at one listener; of all turns the middle one counts.")
    click.echo(" At rest: what members take in that time when nobody speaks; it is included.")
    for line in goals.judged(middle, rest):
        click.echo(f" {line}")


if __name__ == "__main__":
    main()
