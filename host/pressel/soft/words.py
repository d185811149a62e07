"""What a badge's events mean, in words for the person who carries it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields, sentence
from ptt.base import events


def by_number(node: int) -> str:
    """A member whose name is not known."""
    return f"node {node}"


def describe(kind: int, value: Any, node: Callable[[int], str] = by_number) -> str | None:
    """A line for the event, or None when a person need not know of it; `node` names members."""
    name = events.NAMES[kind]
    if event_table().engine[name].quiet:
        return None
    return sentence(name, event_fields(name, value, node))
