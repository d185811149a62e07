"""What a badge's events mean, in words for the person who carries it."""

from __future__ import annotations

from typing import Any

from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields, sentence
from ptt.base import events
from ptt.base.numbers import TEXT_BYTES_MAX


def cut_text(line: str) -> bytes:
    """What fits into a text message: whole characters, and none that controls a terminal."""
    line = "".join(character for character in line if character.isprintable())
    return line.encode()[:TEXT_BYTES_MAX].decode(errors="ignore").encode()


def describe(kind: int, value: Any) -> str | None:
    """A line for the event, or None when a person need not know of it."""
    name = events.NAMES[kind]
    if event_table().engine[name].quiet:
        return None
    return sentence(name, event_fields(name, value, lambda node: f"node {node}"))
