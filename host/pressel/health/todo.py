"""Something that waits for a person, as pages and bundles show it."""

from __future__ import annotations

from dataclasses import dataclass

NAMES_MAX = 3  # of one trouble; the list of people has all


@dataclass
class Todo:
    """Something that waits for a person; `device` is who may be let in."""

    title: str
    text: str
    tone: str = ""
    device: str = ""


def some(names: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")
