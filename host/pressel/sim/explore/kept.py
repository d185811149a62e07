"""A way to a broken promise, kept in a file: `pressel sim replay` goes it again, action by action.

The file names the search and holds its actions, as JSON. It outlives the fault: once that is mended
the same way must break nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.sim.world.asserted import failed_at

from .search import Action, Found, Model
from .searches import SEARCHES, Search

SUFFIX = ".json"
_BYTES_MAX = 1 << 20  # a way has a few dozen actions
_ACTIONS_MAX = 1000


def keep(file: Path, search: Search, found: Found, commit: str | None) -> None:
    """Write the way that `found` tells. UsageError when the disk does not take it."""
    told = {
        "search": search.name,
        "broken": found.broken,
        "commit": commit,
        "way": found.way,
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def load(file: Path) -> tuple[Search, list[Action]]:
    """The search, and its actions. UsageError when the file holds none."""
    try:
        with file.open("rb") as opened:
            told: Any = read_json(opened.read(_BYTES_MAX))
        way = [tuple(each) for each in told["way"]]
        name = told["search"]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{file} holds no way of a search; `pressel sim explore --out` writes such files"
        ) from None
    for search in SEARCHES:
        if search.name == name:
            if len(way) > _ACTIONS_MAX:
                raise UsageError(f"{file} has {len(way)} actions, more than {_ACTIONS_MAX}")
            return search, way
    raise UsageError(f"{file} is of a search {name!r}, which this version does not have")


def again(model: Model, way: list[Action]) -> tuple[list[str], str | None]:
    """Go the way: the actions in words, up to the first that breaks a promise, and which it is.
    UsageError when an action cannot happen there any more."""
    state = model.initial()
    lines: list[str] = []
    broken = model.broken(state)
    for number, action in enumerate(way, 1):
        if broken is not None:
            break
        if action not in list(model.actions(state)):
            shown = " ".join(map(repr, action))
            raise UsageError(
                f"action {number} ({shown}) cannot happen there any more: the model or the engine "
                "is another one than when the file was written; search again"
            )
        try:
            lines.append(f"{number:3}  {model.words(state, action)}")
            state = model.step(state, action)
        except AssertionError as error:
            lines.append(f"{number:3}  {action}: {failed_at(error)}")
            return lines, f"an engine's own assertion fails: {failed_at(error)}"
        broken = model.broken(state)
    return lines, broken
