"""What unicast and multicast to a crowd cost in the channel model, as Markdown."""

from __future__ import annotations

from pressel.sim.wifi.crowd import Design, Outcome, play

_LOSSES = {"multicast_loss_ppm": 50_000}  # 5 %, in bursts of 2.5: what networks do to multicast
_WAYS = (
    ("unicast, 20 ms", Design(1)),
    ("unicast, 60 ms", Design(3)),
    ("multicast at 6 Mb/s", Design(1, 6000)),
    ("multicast at 24 Mb/s", Design(1, 24000)),
    ("multicast at 1 Mb/s", Design(1, 1000)),
)


def crowds(_: str) -> str:
    """By the number of listeners at one access point."""
    counts = (10, 50, 100, 250)
    head = " | ".join(f"{count} listeners" for count in counts)
    rows = [f"| way | {head} |", "|---|" + "---|" * len(counts)]
    for name, design in _WAYS:
        packets = 200 if design.basic_rate_kbps else 50
        found = [play(design, count, packets=packets, **_LOSSES) for count in counts]
        cells = " | ".join(map(_cell, found))
        rows.append(f"| {name} | {cells} |")
    return "\n".join(rows)


def odd_networks(_: str) -> str:
    """What takes multicast's gain away, with 100 listeners at 6 Mb/s."""
    design = Design(1, 6000)
    cases = (
        ("all hear multicast", play(design, 100, **_LOSSES)),
        ("10 % hear none", play(design, 100, deaf_percent=10, **_LOSSES)),
        ("30 % hear none", play(design, 100, deaf_percent=30, **_LOSSES)),
        ("a telephone sleeps", play(design, 100, dtim=1, **_LOSSES)),
        ("a telephone sleeps, DTIM 3", play(design, 100, dtim=3, **_LOSSES)),
        ("turned into unicast", play(design, 100, multicast_to_unicast=1, packets=50)),
    )
    rows = ["| network | of the channel | lost after repair | 95 % within |", "|---|--:|--:|--:|"]
    for name, found in cases:
        taken, lost, p95 = found
        rows.append(f"| {name} | {taken:.1f} % | {lost:.1f} % | {p95:.0f} ms |")
    return "\n".join(rows)


def _cell(found: Outcome) -> str:
    return f"{found.channel_percent:.1f} %, {found.lost_percent:.1f} % lost"
