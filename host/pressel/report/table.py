"""A report on a terminal: verdict, bursts, badges. Reads well in 80 columns and without colour.

What is wrong carries a mark (!) beside its colour, and every failure is spelled out in words.
"""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .burst import Badge, Burst, Listener, Report, Spread
from .targets import Targets


def print_report(report: Report, console: Console) -> None:
    """Print to the console given, whose width and colours are respected."""
    console.print(Text(report.title, style="bold"))
    console.print(_bursts_table(report))
    console.print(_badges_table(report))
    _print_verdict(report, console)


def _print_verdict(report: Report, console: Console) -> None:
    failures = report.verdict.failures
    if report.verdict.passed:
        console.print(Text(f"passed: {summary(report)}", style="bold green"))
    else:
        console.print(Text(f"failed: {_count(len(failures), 'thing')}", style="bold red"))
    lines = Table.grid(padding=(0, 2))
    for failure in failures:
        lines.add_row(Text(f"  {failure.kind}", style="red"), Text(failure.text))
    for remark in report.verdict.remarks:
        lines.add_row(Text("  remark", style="yellow"), Text(remark))
    if lines.row_count:
        console.print(lines)


def summary(report: Report) -> str:
    """The figures of a run in which all is well, in a few words."""
    listeners = len({each.name for burst in report.bursts for each in burst.listeners})
    bursts, badges = _count(len(report.bursts), "burst"), _count(listeners, "badge")
    ear = report.mouth_to_ear_ms
    return f"{bursts} whole at {badges}, mouth to ear {_ms(ear.p95)} ms (p95)"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _table(first: str, *columns: str) -> Table:
    """Figures never wrap; when there is too little room, the column of names wraps."""
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column(first, overflow="fold")
    for title in columns:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _bursts_table(report: Report) -> Table:
    table = _table(
        "burst, listeners",
        "access\nms",
        "ear\np50",
        "ms\np95",
        "cut ms\nends",
        "gaps\n>100",
        "two at\nonce",
        "\nSTOI",
        "\nPESQ",
    )
    for burst in report.bursts:
        table.add_row(*_burst_cells(burst, report.targets), style="bold")
        for listener in burst.listeners:
            table.add_row(*_listener_cells(listener, report.targets))
    return table


def _burst_cells(burst: Burst, targets: Targets) -> list[Text]:
    name = Text(f"{burst.number} {burst.talker}")
    if burst.granted_at_ms is None:
        access = _bad("none")
    elif burst.queued:
        name.append(f" (queued {_ms(burst.queue_wait_ms)} ms)", style="not bold")
        access = Text("–")
    else:
        access = _limit(burst.access_ms, targets.access_p95_ms)
    codec = Text("" if burst.pesq_codec is None else f"of {burst.pesq_codec:.2f}")
    nothing = [Text()] * 4
    return [name, access, *_ear(burst.mouth_to_ear_ms, targets), *nothing, codec]


def _listener_cells(listener: Listener, targets: Targets) -> list[Text]:
    name = Text(f"    {listener.name}")
    if not listener.reached:
        return [name.append(" did not hear it", style="bold red")]
    cut = Text.assemble(
        _limit(listener.clipped_start_ms, targets.clipped_start_ms),
        " ",
        _limit(listener.clipped_end_ms, targets.clipped_end_ms),
    )
    return [
        name,
        Text(),
        *_ear(listener.mouth_to_ear_ms, targets),
        cut,
        _limit(listener.gaps_over_100ms.count, targets.gaps_over_100ms),
        _limit(listener.overlap_ms, targets.overlap_ms),
        Text("–" if listener.stoi is None else f"{listener.stoi:.2f}"),
        Text("–" if listener.pesq is None else f"{listener.pesq:.2f}"),
    ]


def _ear(ear: Spread, targets: Targets) -> list[Text]:
    return [Text(_ms(ear.p50)), _limit(ear.p95, targets.mouth_to_ear_p95_ms)]


def _badges_table(report: Report) -> Table:
    table = _table(
        "badge",
        "heap peak\nbytes",
        "of\nbytes",
        "step ms\np95",
        "\nmax",
        "machine\nlate ms",
        "datagrams\ndropped",
    )
    for badge in report.badges:
        table.add_row(*_badge_cells(badge, report.targets))
    return table


def _badge_cells(badge: Badge, targets: Targets) -> list[Text]:
    return [
        Text(badge.name),
        Text(_bytes(badge.heap_peak_bytes)),
        Text(_bytes(badge.heap_bytes)),
        Text(_ms(badge.step_ms_p95, 1)),
        Text(_ms(badge.step_ms_max, 1)),
        _limit(badge.lag_ms_max, targets.machine_lag_ms),
        _limit(badge.mailbox_dropped, 0),
    ]


def _bytes(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _ms(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _bad(words: str) -> Text:
    return Text(f"!{words}", style="bold red")


def _limit(value: float | None, limit: float) -> Text:
    return _bad(_ms(value)) if value is not None and value > limit else Text(_ms(value))
