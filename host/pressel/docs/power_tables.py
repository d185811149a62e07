"""Currents and estimates of power as Markdown, from boards."""

from __future__ import annotations

from pressel.boards.board import board_ids, load_board
from pressel.power.estimate import estimate
from pressel.power.facts import parts, policies, shifts

_CELL_MAH = 1000
_SHIFT = "evening"


def currents(_: str) -> str:
    """Every published current with its source."""
    rows = ["| part | state | mA | source |", "|---|---|--:|---|"]
    for part, states in parts().items():
        for state, current in states.items():
            low, high = current.ma
            rows.append(f"| `{part}` | {state} | {low:g} to {high:g} | {current.source} |")
    return "\n".join(rows)


def estimates(_: str) -> str:
    """Each board with each policy: how long a cell lasts, and what would be enough."""
    head = ["board", *(f"{name}: hours" for name in policies())]
    head += [f"{name}: enough, mAh" for name in policies()]
    rows = [_row(head), "|---" + "|--:" * (len(head) - 1) + "|"]
    shift = shifts()[_SHIFT]
    for board_id in board_ids():
        board = load_board(board_id)
        found = [estimate(board, parts(), each, shift, _CELL_MAH) for each in policies().values()]
        lasts = [f"{each.lasts_h[0]:.1f} to {each.lasts_h[1]:.1f}" for each in found]
        needed = [f"{each.needed_mah[0]:,.0f} to {each.needed_mah[1]:,.0f}" for each in found]
        rows.append(_row([f"`{board_id}`", *lasts, *needed]))
    return "\n".join(rows)


def policy_table(_: str) -> str:
    """What a badge does by each policy, and what that costs in delay."""
    rows = [
        "| policy | what it is | delay of a burst's first word, mean and most |",
        "|---|---|--:|",
    ]
    for name, each in policies().items():
        delay = f"{each.delay_ms[0]} ms, {each.delay_ms[1]} ms" if each.delay_ms[1] else "none"
        rows.append(f"| `{name}` | {each.text} | {delay} |")
    return "\n".join(rows)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
