"""What `pressel settings` asks of a host, and how it says what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pressel.errors import PresselError
from pressel.node import control as sockets
from pressel.schema.settings import SettingRow, settings

WAIT_S = 3.0  # for badges to answer: each is told again within half a second
_LOOK_S = 0.1

Values = Mapping[str, int]  # by full name


class State(BaseModel):
    """The desk's answer about settings; counts are None when this host's own copy answers."""

    version: int
    values: dict[str, int]
    badges: int | None
    applied: int | None
    refused: int | None

    def is_settled(self) -> bool:
        """Whether every badge has answered."""
        return (self.applied or 0) + (self.refused or 0) >= (self.badges or 0)

    def counts(self) -> str:
        if self.badges is None:
            return "as this host last knew them; no leader is reachable"
        if not self.badges:
            return "no badge is here"
        words = f"applied by {self.applied} of {self.badges} badges"
        return f"{words}, refused by {self.refused}" if self.refused else words

    def value(self, name: str) -> int:
        if name not in self.values:
            raise PresselError(f"the leader does not know {name} yet; update it")
        return self.values[name]


def ask(path: Path) -> State:
    """The settings in force."""
    reply = sockets.request(path, "settings")
    try:
        return State.model_validate(reply.answer)
    except ValidationError as error:
        raise PresselError(
            "the leader's answer is from another version of Pressel; update the older one"
        ) from error


def settled(path: Path) -> State:
    """The state once every badge has answered, or when the wait is over."""
    deadline_s = time.monotonic() + WAIT_S
    while not (state := ask(path)).is_settled() and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)
    return state


def row_as_json(name: str, row: SettingRow, state: State) -> dict[str, Any]:
    facts = {"unit": row.unit, "default": row.default, "min": row.min, "max": row.max}
    return {"setting": name, "value": state.value(name), **facts, "text": row.text}


def differences(old: Values, new: Values) -> dict[str, tuple[int, int]]:
    """Of the settings that both have, those whose value differs: the old one and the new one."""
    both = [name for name in settings() if name in old and name in new]
    return {name: (old[name], new[name]) for name in both if old[name] != new[name]}


def difference_lines(old: Values, new: Values) -> Iterator[str]:
    """`floor.talk_ms: 60000 ms -> 90000 ms`."""
    rows = settings()
    for name, (before, after) in differences(old, new).items():
        yield f"{name}: {rows[name].in_words(before)} -> {rows[name].in_words(after)}"


def touched(changed: Values, state: State) -> Iterator[str]:
    """Who is concerned by a change of these settings, in words."""
    rows = settings()
    count = state.badges or 0
    badges = f"{count} badge{'' if count == 1 else 's'}" if count else "no badge"
    by = {kind: [name for name in changed if rows[name].badge == kind] for kind in _TOUCHED}
    for kind, names in by.items():
        if names:
            yield f"{', '.join(names)}: {_TOUCHED[kind].format(badges=badges)}"


_TOUCHED = {
    "obeys": "{badges} will obey it at once; others will when they join",
    "told": "the leader sees to it; {badges} will be told at once",
    "none": "hosts alone; badges are not told",
}


def changed(before: State, values: Values) -> dict[str, int]:
    """Those of `values` that are not in force; all of them when none is."""
    new = {name: new for name, (_, new) in differences(before.values, values).items()}
    return new or dict(values)


def change(
    path: Path, values: Values, base: int | None, why: str, *, is_dry: bool
) -> tuple[State, State]:
    """Put `values` in force, all or none, and wait for the badges: the state before and after. With
    `is_dry` nothing is done."""
    before = ask(path)
    if is_dry:
        return before, before
    fields: dict[str, Any] = {"values": changed(before, values), "base": base or before.version}
    if why:
        fields["why"] = why
    sockets.ask(path, "settings set", **fields)
    return before, settled(path)


def say_left(state: State) -> None:
    """What badges have not done yet, and what to do about it."""
    silent = (state.badges or 0) - (state.applied or 0) - (state.refused or 0)
    if silent:
        print(
            f"{silent} {'has' if silent == 1 else 'have'} not answered yet and will be told again; "
            "see `pressel settings status`",
            file=sys.stderr,
        )
    if state.refused:
        print("a badge that refuses runs an older version: update it", file=sys.stderr)
