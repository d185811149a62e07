"""The numbers of this repository that a bring-up test confirms, by file and name."""

from __future__ import annotations

import re

from pressel.tree import ROOT

_VALUE = re.compile(r"-?[\d_.]{1,20}( ?[*+/-] ?[\d_.]{1,20}){0,3}")  # a number, or a sum of some


def number_now(place: str) -> str:
    """What "FILE NAME" has today, as it is written there; empty when FILE has no such number (then
    the place is a sentence or a table, not a value)."""
    file, _, name = place.partition(" ")
    path = ROOT / file
    if not name or not path.is_file():
        return ""
    pattern = rf"(?m)^\s*{re.escape(name)}\s*(?::[^=]+)?=\s*(.+?)\s*(?:#.*)?$"
    found = re.search(pattern, path.read_text("utf-8"))
    if found is None:
        return ""
    text = re.sub(r"^const\((.*)\)$", r"\1", found[1])
    return text if _VALUE.fullmatch(text) else ""


def is_there(place: str) -> bool:
    """Whether the file exists and mentions the name at all."""
    file, _, name = place.partition(" ")
    path = ROOT / file
    return path.exists() and (not name or path.is_dir() or name in path.read_text("utf-8"))
