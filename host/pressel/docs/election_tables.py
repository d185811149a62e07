"""The promises of an election, and the searches that look for one that is broken, as Markdown."""

from __future__ import annotations

from pressel.sim.explore.promises import PROMISES
from pressel.sim.explore.searches import SEARCHES


def promises(_: str) -> str:
    """What must hold in every state."""
    rows = ["| promise | in words |", "|---|---|"]
    return "\n".join([*rows, *(f"| {name} | {words} |" for name, words in PROMISES.items())])


def searches(_: str) -> str:
    """What `pressel sim explore` goes through unless told otherwise."""
    rows = ["| search | hosts | begins with | depth |", "|---|---|---|---|"]
    rows += [f"| {each.name} | {each.nodes} | {each.why} | {each.depth} |" for each in SEARCHES]
    return "\n".join(rows)
