"""What `pressel settings` asks of a host, and how it says what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pressel.errors import PresselError
from pressel.node import control as sockets
from pressel.node.desk.venue_settings import why_not
from pressel.schema.concerned import concerned_lines
from pressel.schema.setting_values import At, Change, differences, laid_over, own_values
from pressel.schema.settings import SettingRow

from .told import read_answer

if TYPE_CHECKING:
    from pressel.node.control import Where

WAIT_S = 3.0  # for badges to answer: each is told again within half a second
_LOOK_S = 0.1
TELL = "features.tell_settings"

Values = Mapping[str, int]  # by key


class State(BaseModel):
    """The desk's answer about settings; counts are None when this host's own copy answers."""

    version: int
    hash: str = ""  # an older leader tells none
    values: dict[str, int]
    badges: int | None
    applied: int | None
    refused: int | None

    def name(self) -> str:
        """`Version 4 (0123456789ab)`."""
        return f"Version {self.version} ({self.hash})" if self.hash else f"Version {self.version}"

    def is_settled(self) -> bool:
        """Whether every badge that is asked has answered."""
        return not self.are_told or (self.applied or 0) + (self.refused or 0) >= (self.badges or 0)

    @property
    def are_told(self) -> bool:
        """Whether badges are told settings."""
        return self.values.get(TELL, 1) == 1

    def counts(self) -> str:
        if self.badges is None:
            return "as this host last knew them; no leader is reachable"
        if not self.badges:
            return "no badge is here"
        if not self.are_told:
            return f"badges are not told, since {TELL} is off"
        words = f"applied by {self.applied} of {self.badges} badges"
        return f"{words}, refused by {self.refused}" if self.refused else words

    def own(self, name: str) -> dict[At, int]:
        """What groups and badges have of their own, in place of the venue's value."""
        return own_values(name, self.values)

    def value(self, name: str) -> int:
        if name not in self.values:
            raise PresselError(unknown(name))
        return self.values[name]


def unknown(name: str) -> str:
    """What to say of a setting of which the leader tells nothing."""
    return f"the leader does not know {name} yet; update it"


def ask(path: Where) -> State:
    """The settings in force."""
    return read_answer(State, sockets.request(path, "settings").answer)


def settled(path: Where) -> State:
    """The state once every badge has answered, or when the wait is over."""
    deadline_s = time.monotonic() + WAIT_S
    while not (state := ask(path)).is_settled() and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)
    return state


def row_as_json(name: str, row: SettingRow, state: State) -> dict[str, Any]:
    facts = {"unit": row.unit, "default": row.default, "min": row.min, "max": row.max}
    own = {str(group): value for group, value in state.own(name).items()}
    return {"setting": name, "value": state.values.get(name), "own": own, **facts, "text": row.text}


def touched_lines(path: Where, values: Change) -> Iterator[str]:
    """Which badges a change to `values` is about, in words; asks the leader."""
    told = sockets.ask(path, "settings touched", values=values)
    return concerned_lines(read_answer(dict[str, list[str]], told))


def changed(before: State, values: Change) -> dict[str, int | None]:
    """Those of `values` that are not in force; all of them when none is."""
    wanted = laid_over(before.values, values)
    new = {key: new for key, (_, new) in differences(before.values, wanted).items()}
    return new or dict(values)


def change(
    path: Where,
    values: Change,
    base: int | None,
    why: str,
    *,
    is_dry: bool,
    network: tuple[str, str] | None = None,
) -> tuple[State, State]:
    """Put `values` in force, all or none, and wait for the badges: the state before and after. With
    `is_dry` nothing is done. `network`: a Wi-Fi network that the leader gives a number."""
    before = ask(path)
    if is_dry:
        if base not in (None, before.version):
            raise PresselError(why_not(base, before.version))
        return before, before
    new = {} if network is not None else changed(before, values)
    fields: dict[str, Any] = {"values": new, "base": base or before.version}
    if network is not None:
        fields["network"] = list(network)
    if why:
        fields["why"] = why
    sockets.ask(path, "settings set", **fields)
    return before, settled(path)


def say_left(state: State, has_reasons: bool = False) -> None:
    """What badges have not done yet, and what to do about it. `has_reasons`: it was said why some
    refuse."""
    silent = (state.badges or 0) - (state.applied or 0) - (state.refused or 0)
    if silent and state.are_told:
        print(
            f"{silent} {'has' if silent == 1 else 'have'} not answered yet and will be told again; "
            "see `pressel settings status`",
            file=sys.stderr,
        )
    if state.refused and not has_reasons:
        print("`pressel settings status` says why a badge refuses", file=sys.stderr)
