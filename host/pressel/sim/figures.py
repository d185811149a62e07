"""A run's result on a terminal: its figures, which targets they keep, and what was broken.

Reads well in 80 columns and without colour: what is wrong is said in words, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .targets import targets_on

VIOLATIONS_SHOWN = 10  # the first ones are the cause, the others mostly its consequences
_WHOLE_FROM = 10_000  # above it nobody reads decimals
_PERCENTILES = ("p50", "p95", "p99", "max")
_WORDS = {
    "access_ms": "press to permission",
    "mouth_to_ear_ms": "mouth to ear",
    "late_entry_ms": "late entry",
    "failover_ms": "heard after a kill",
    "election_ms": "another one leads",
    "reconnect_ms": "a member again",
    "frame_loss": "share of frames not heard",
    "gaps_over_100ms": "gaps over 100 ms",
    "gaps_per_30s": "gaps in 30 s of speech, p95",
    "clipped_ms": "cut at the beginning, p95, ms",
    "clipped_end_ms": "cut at the end, p95, ms",
    "queue_depth": "longest queue",
    "elections": "leaders after the first",
    "unheard_after_a_kill": "listeners never reached again",
    "host_datagrams": "datagrams between hosts",
    "host_bytes": "bytes between hosts",
    "floor_conflicts": "two with the floor at once",
    "double_talk_ms": "two talkers heard at once, ms",
    "datagrams": "datagrams",
    "bytes": "bytes",
    "airtime_percent": "share of the channel's time, %",
    "airtime_talking_percent": "the same while somebody talks, %",
    "airtime_silent_percent": "the same before anybody talks, %",
}


def print_result(result: Mapping[str, Any], console: Console) -> None:
    """The whole result, its title first, what was broken last."""
    console.print(Text(_title(result), style="bold"))
    console.print(Text(_speed(result), style="dim"))
    console.print(_times(result))
    console.print(_counts(result))
    if result.get("machine"):
        _print_machine(result["machine"], console)
    if result["protocol"] == "v1":
        console.print(Text("of the old app nothing is promised, so nothing is checked", "dim"))
    else:
        _print_violations(result["violations"], console)


def _title(result: Mapping[str, Any]) -> str:
    return (
        f"{result['scenario']} on {result['profile']}, {result['participants']} participants, "
        f"{result['protocol']}, seed {result['seed']}"
    )


def _speed(result: Mapping[str, Any]) -> str:
    wall_s = max(result["wall_s"], 0.001)
    words = f"{result['virtual_s']:g} s in {wall_s:.1f} s of this machine's"
    words += f", {result['events']:,} events, source {result['commit'] or 'unknown'}"
    if result["digest"]:
        words += f"\ndigest {result['digest']}"
    return words


def _times(result: Mapping[str, Any]) -> Table:
    """The figures that have percentiles, in milliseconds."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("ms", no_wrap=True)
    for head in (*_PERCENTILES, "n"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("target")
    kpis = result["kpis"]
    for kpi, words in _rows(kpis, are_spreads=True):
        spread = kpis[kpi] or {}
        cells = [_number(spread.get(of)) for of in _PERCENTILES]
        table.add_row(words, *cells, _number(spread.get("n")), _target(kpi, result))
    return table


def _counts(result: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("in all")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("target")
    kpis = result["kpis"]
    for kpi, words in _rows(kpis, are_spreads=False):
        table.add_row(words, _number(kpis[kpi]), _target(kpi, result))
    return table


def _rows(kpis: Mapping[str, Any], are_spreads: bool) -> list[tuple[str, str]]:
    """(name, words) of the figures that are spreads, or of those that are not; figures unknown here
    come last."""
    known = [name for name in _WORDS if name in kpis]
    names = known + [name for name in kpis if name not in _WORDS]
    return [
        (name, _WORDS.get(name, name.replace("_", " ")))
        for name in names
        if (isinstance(kpis[name], Mapping) or name in _SPREADS) == are_spreads
    ]


_SPREADS = (
    "access_ms",
    "mouth_to_ear_ms",
    "late_entry_ms",
    "failover_ms",
    "election_ms",
    "reconnect_ms",
)


def _target(kpi: str, result: Mapping[str, Any]) -> Text:
    words = Text()
    for target in targets_on(result["profile"]):
        if target.kpi != kpi:
            continue
        is_kept = target.is_kept(result["kpis"])
        if is_kept is None:
            continue
        if words:
            words.append("\n")
        style, verdict = ("green", "kept") if is_kept else ("bold yellow", "missed")
        words.append(f"{target.limit()} {verdict}", style)
    return words


def _number(value: float | None) -> Text:
    """A missing figure is a dash: it is not 0."""
    if value is None:
        return Text("–", style="dim")
    if isinstance(value, int):
        return Text(f"{value:,}")
    return Text(f"{value:,.5g}" if abs(value) < _WHOLE_FROM else f"{value:,.0f}")


def _print_machine(machine: Mapping[str, Any], console: Console) -> None:
    words = f"in real time: woken up to {machine['late_ms_max']} ms late"
    if machine["was_late"]:
        console.print(Text(words + "; part of the delays above is this machine's", "bold yellow"))
    else:
        console.print(Text(words, "dim"))


def _print_violations(violations: list[dict[str, Any]], console: Console) -> None:
    if not violations:
        console.print(Text("nothing that must never be was seen", style="green"))
        return
    count = len(violations)
    console.print(Text(f"{count} violation{'' if count == 1 else 's'}", style="bold red"))
    for each in violations[:VIOLATIONS_SHOWN]:
        line = f"  {each['at_ms'] / 1000:9.3f} s  {each['checker']}: {each['what']}"
        console.print(Text(line, style="red"))
    if count > VIOLATIONS_SHOWN:
        console.print(Text(f"  and {count - VIOLATIONS_SHOWN} more; --json has all", style="red"))
