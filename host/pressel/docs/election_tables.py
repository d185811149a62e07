"""Promises of elections and floors, and the searches that look for a broken one, as Markdown."""

from __future__ import annotations

from pressel.sim.explore.floor_promises import PROMISES as FLOOR_PROMISES
from pressel.sim.explore.promises import PROMISES
from pressel.sim.explore.searches import SEARCHES, Search


def promises(_: str) -> str:
    """What must hold in every state."""
    rows = ["| promise | in words |", "|---|---|"]
    return "\n".join([*rows, *(f"| {name} | {words} |" for name, words in PROMISES.items())])


def searches(_: str) -> str:
    """What `pressel sim explore` goes through unless told otherwise."""
    rows = ["| search | hosts | begins with | depth |", "|---|---|---|---|"]
    return "\n".join([*rows, *_rows([each for each in SEARCHES if each.nodes and not each.badges])])


def floor_searches(_: str) -> str:
    """Likewise, of floors."""
    rows = ["| search | leaders | begins with | depth |", "|---|---|---|---|"]
    return "\n".join([*rows, *_rows([each for each in SEARCHES if each.badges])])


def _rows(searches: list[Search]) -> list[str]:
    return [f"| {each.name} | {each.nodes} | {each.why} | {each.depth} |" for each in searches]


def floor_promises(_: str) -> str:
    """What holds in every state of a floor."""
    rows = ["| promise | in words |", "|---|---|"]
    return "\n".join([*rows, *(f"| {name} | {text} |" for name, text in FLOOR_PROMISES.items())])
