"""The report of phase 4: one talker and many listeners, in venues of many kinds, by three designs.

As with the other reports, the document follows from recorded runs alone. A design stops working
where listeners lose more than one frame in a hundred, or hear later than people bear.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from pressel.boards.board import load_board
from pressel.docs.budget_table import FIGURES
from pressel.power.estimate import Estimate, estimate
from pressel.power.facts import parts, policies, shifts
from pressel.sim.targets import all_targets

from .capacity_matrix import (
    MESH,
    MULTICAST,
    UNICAST,
    Cell,
    beacons,
    growth,
    odd,
    rates,
    spread,
)
from .capacity_records import DELAY_MS_MOST, LOSS_MOST, Record, by_cell_of, works
from .plots import plot_lines
from .tables import table

_BOARD, _CELL_MAH = "waveshare-epaper-154", 1000

_COSTS = ("leader_copies", "leader_mib", "badge_live_bytes", "badge_peak_bytes",
          "badge_listen_loops")  # fmt: skip


def render(budget: Record, records: list[Record], report: Path) -> None:
    """Writes the report, and its plots to the folder "images" beside it."""
    images = report.parent / "images"
    by_cell = by_cell_of(records)
    for key, words, name in _PLOTS:
        curves: dict[str, list[tuple[float, float]]] = {}
        for cell in growth():
            value = by_cell[cell][key]
            if value is not None:
                scaled = value * 100 if key == "lost" else value
                curves.setdefault(cell.design, []).append((cell.participants, scaled))
        plot_lines(curves, "participants at one access point", words, images / name)
    report.write_text(text(budget, records), "utf-8")


_PLOTS = (
    ("talking", "% of the channel", "phase4-airtime.svg"),
    ("lost", "% of the frames not heard", "phase4-loss.svg"),
)


def text(budget: Record, records: list[Record]) -> str:
    """The whole report."""
    by_cell = by_cell_of(records)
    paragraphs = [
        *_about(records),
        "## The target",
        _target(by_cell),
        "## How many at one access point",
        _ends(by_cell),
        _table(by_cell, growth(), ("design", "participants")),
        "![Share of the channel](images/phase4-airtime.svg)",
        "![Frames not heard](images/phase4-loss.svg)",
        _mesh(by_cell),
        "## Basic rate, and badges that hear no multicast",
        _table(by_cell, rates(), ("basic_kbps", "deaf")),
        "## A telephone that sleeps",
        _words(
            "One that belongs to somebody else makes its access point hold all multicast until "
            "the next DTIM beacon; DTIM 0 stands for none."
        ),
        _table(by_cell, beacons(), ("dtim", "deaf")),
        "## More access points",
        _words("Each has a channel of its own, and an equal share of the badges."),
        _table(by_cell, spread(), ("participants", "design", "points")),
        "## Where multicast fails",
        _words(
            "Access points that turn multicast into a copy for each, and a telephone that sleeps. "
            "One burst of 10 s, and 46 s of sentences one after the other: when most of those who "
            "got a burst by multicast had to ask for it or lost much, the next ones go to each "
            "alone for a while."
        ),
        _table(by_cell, odd(), ("turns", "dtim", "converts")),
        "## Processor, memory, battery",
        _costs(budget, by_cell),
        _battery(),
        _words(
            "By the model of [power.md](../power.md): a badge's receiver is always on, whatever "
            "comes, so unicast and multicast take the same. Power save would need an access point "
            "that holds multicast until its beacons."
        ),
        "## What this does not show",
        _LIMITS,
    ]
    return "# Phase 4: how many can listen\n\n" + "\n\n".join(paragraphs) + "\n"


def _about(records: list[Record]) -> tuple[str, str]:
    """How the runs were made, and what their figures mean."""
    return (
        _words(
            f"Made by `make report-phase4` from `phase4-runs.jsonl`, {len(records)} runs recorded "
            f"with {', '.join(sorted({each['source'] for each in records}))}; RECORD=1 makes them "
            "anew, which takes a core some three minutes. **Simulated**: one talker, all others "
            "listen, 10 s of speech (`host/pressel/sim/report/capacity.toml`), one seed. The "
            "network is the profile `many`: 802.11n, 5 % of multicast lost in bursts of 2.5 "
            "frames; every tenth badge hears no multicast, unless a table says otherwise. The "
            "checkers found "
            f"{_violations(records)}."
        ),
        _words(
            "The channel is that of the fullest access point while somebody talks, with all that "
            "is sent there: heartbeats and reports, which are there at rest, too, and the talker's "
            "own packets. Lost is what a listener did not hear after all repair; the delay is from "
            f"mouth to ear. A design works where at most {100 * LOSS_MOST:g} % of the frames are "
            f"lost and 95 % are heard within {DELAY_MS_MOST:g} ms."
        ),
    )


def _words(paragraph: str) -> str:
    return textwrap.fill(paragraph, 100, break_long_words=False, break_on_hyphens=False)


_LIMITS = _words(
    "No access point of anybody was asked: the channel is a model "
    "([wifi-model.md](../wifi-model.md)) without fading and hidden stations, badges stand "
    "still, and one burst by one talker is all that is said. Two who talk at once in two "
    "groups take twice as much, but for the heartbeats. No firmware hears multicast."
)


def _violations(records: list[Record]) -> str:
    found = sum(len(each["violations"]) for each in records)
    return f"**violations: {found}**" if found else "no violations"


def _row(record: Record) -> list[str]:
    lost, p50, p95 = record["lost"], record["p50"], record["p95"]
    return [
        f"{record['talking']:.1f}",
        f"{record['rest']:.1f}",
        "–" if lost is None else f"{100 * lost:.2f}",
        "–" if p50 is None else f"{p50:.0f}",
        "–" if p95 is None else f"{p95:.0f}",
        "yes" if works(record) else "**no**",
    ]


_HEADS = {
    "design": "design",
    "participants": "participants",
    "points": "access points",
    "basic_kbps": "basic rate, Mb/s",
    "dtim": "DTIM",
    "deaf": "deaf, %",
    "converts": "turned into unicast",
    "turns": "speech",
}


def _table(by_cell: dict[Cell, Record], cells: Any, keys: tuple[str, ...]) -> str:
    lines = []
    for cell in cells:
        facts = {**cell._asdict(), "basic_kbps": f"{cell.basic_kbps / 1000:g}"}
        facts["converts"] = "yes" if cell.converts else "no"
        facts["turns"] = "sentences" if cell.turns else "10 s"
        lines.append([*(str(facts[key]) for key in keys), *_row(by_cell[cell])])
    head = [_HEADS[key] for key in keys]
    return table([*head, "channel %", "at rest %", "lost %", "p50 ms", "p95 ms", "works"], lines)


def _ends(by_cell: dict[Cell, Record]) -> str:
    """With how many participants each design works, and with how many it does not."""
    words = []
    for design in (MESH, UNICAST, MULTICAST):
        cells = [cell for cell in growth() if cell.design == design]
        fine, broken = (
            ", ".join(str(each.participants) for each in cells if works(by_cell[each]) == is_fine)
            for is_fine in (True, False)
        )
        words.append(f"{design} works with {fine or 'none of these'}")
        if broken:
            words[-1] += f", not with {broken}"
    return _words(f"Participants that were tried: {'; '.join(words)}.")


def _target(by_cell: dict[Cell, Record]) -> str:
    """The targets of phase 4, in its five cells."""
    limit = next(each for each in all_targets() if each.id == "airtime")
    lines = []
    for words, cell in (
        ("6 Mb/s, all hear", Cell(deaf=0)),
        ("6 Mb/s, 10 % deaf", Cell()),
        ("24 Mb/s, 10 % deaf", Cell(basic_kbps=24000)),
        ("6 Mb/s, 10 % deaf, DTIM 1", Cell(dtim=1)),
        ("1 Mb/s, all hear", Cell(basic_kbps=1000, deaf=0)),
    ):
        record = by_cell[cell]
        extra = record["talking"] - record["rest"]
        lines.append([
            words, f"{record['talking']:.1f}", _verdict(record["talking"] <= limit.most),
            f"{extra:.1f}", _verdict(extra <= limit.most),
            f"{100 * record['lost']:.2f}", _verdict(record["lost"] <= LOSS_MOST),
            f"{record['p95']:.0f}", _verdict(record["p95"] <= DELAY_MS_MOST),
        ])  # fmt: skip
    head = ["100 participants", "channel %", f"<= {limit.most:g}", "more than at rest %",
            f"<= {limit.most:g}", "lost %", "<= 1", "p95 ms", f"<= {DELAY_MS_MOST:g}"]  # fmt: skip
    return table(head, lines)


def _verdict(is_kept: bool) -> str:
    return "yes" if is_kept else "**no**"


def _mesh(by_cell: dict[Cell, Record]) -> str:
    """By its arithmetic, where its runs have no channel left to measure."""
    ten = by_cell[Cell(MESH, 10)]
    hundred = by_cell[Cell()]
    each = ten["bytes"] / (10 * 9)  # to each of nine, by each of ten
    times = each * 100 * 99 / hundred["bytes"]
    return _words(
        "The full mesh is the old app's way, as the simulator models it: each badge has a "
        "connection to each other one, and a talker sends a copy to each of them, which the "
        "channel carries twice. With 10 participants a run puts "
        f"{ten['bytes'] / 1e6:.1f} MB on the air; by its arithmetic, with the square of their "
        f"number, 100 would put {each * 100 * 99 / 1e6:.0f} MB there, {times:.0f} times what "
        "multicast does."
    )


def _costs(budget: Record, by_cell: dict[Cell, Record]) -> str:
    """What the row of the budgets says, and what all send in a run."""
    lines = []
    for name in _COSTS:
        if name in budget:  # not every row of the budgets has each
            figure = FIGURES[name]
            lines.append([f"{figure.text}: {figure.unit}", figure.number(budget[name])])
    for design in (MESH, UNICAST, MULTICAST):
        sent = by_cell[Cell(design)]["datagrams"]
        lines.append([f"{design}, 100 participants: datagrams in a run", f"{sent:,}"])
    return table([f"figures of [budgets.md](budgets.md) at `{budget['commit']}`", ""], lines)


def _battery() -> str:
    lines = []
    for design, copies in ((MESH, 99), (UNICAST, 1), (MULTICAST, 1)):
        for name in ("awake", "save"):
            if name == "save" and design == MULTICAST:
                continue
            found = _shift(name, copies)
            low, high = found.lasts_h
            lines.append([design, name, f"{low:.1f} to {high:.1f}",
                          f"{found.needed_mah[0]:,.0f} to {found.needed_mah[1]:,.0f}"])  # fmt: skip
    head = [f"100 participants, `{_BOARD}`, {_CELL_MAH:,} mAh", "policy", "hours", "enough, mAh"]
    return table(head, lines)


def _shift(policy: str, copies: int) -> Estimate:
    board = load_board(_BOARD)
    return estimate(board, parts(), policies()[policy], shifts()["evening"], _CELL_MAH, copies)
