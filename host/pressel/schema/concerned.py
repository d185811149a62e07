"""Which badges a change of settings is about, in words: what the leader told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .settings import settings

NAMED_MAX = 10  # badges: a line that is read at a glance


def concerned_lines(told: Mapping[str, list[str]]) -> Iterator[str]:
    """A line for each setting in `told`, with the names of its badges."""
    for name, badges in told.items():
        yield f"{name}: {_CONCERNED[settings()[name].badge].format(badges=named(badges))}"


_CONCERNED = {
    "obeys": "obeyed at once by {badges}; by others when they join",
    "roomy": "obeyed at once by those with room and by soft badges; told to {badges}",
    "apart": "tried, as soon as nobody talks, by {badges}; others stay as they are",
    "told": "the leader sees to it; told at once to {badges}",
    "none": "the leader sees to it, for {badges}; badges are not told",
}


def named(badges: list[str]) -> str:
    """How many, and the names of the first."""
    if not badges:
        return "no badge that is here"
    more = f" and {len(badges) - NAMED_MAX} more" if len(badges) > NAMED_MAX else ""
    count = f"{len(badges)} badge{'' if len(badges) == 1 else 's'}"
    return f"{count} ({', '.join(badges[:NAMED_MAX])}{more})"
