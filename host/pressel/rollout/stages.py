"""The stages of a change that must not reach all badges at once, as a table.

A stage is so many badges that have the change. While it runs, these are compared with the others
(`gate`); in the last one, which has all of them, with the others of the stage before. When these
are as well as those for long enough, the next stage begins. When they are worse, all go back to
what they had. When nothing can be said in time, the change waits for the operator.
Nothing here knows what the change is about, nor the clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ptt.base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules

RUNNING, PAUSED, DONE, BACK = range(4)
STATES = ("running", "paused", "done", "taken back")

GOOD, LAST_GOOD, JOINED, BAD, UNSURE, PAUSE, GO, ABORT = range(8)
TRIGGERS = ("good", "last one good", "joined", "bad", "unsure", "pause", "go", "abort")

RULES = (
    (RUNNING, GOOD, RUNNING, "widen"),  # the touched are as well as the others
    (RUNNING, LAST_GOOD, DONE, "finish"),  # there is no larger stage than all
    (RUNNING, JOINED, RUNNING, "go_on"),  # a make came last: not before two of it have tried
    (RUNNING, BAD, BACK, "take_back"),  # nobody has to look on
    (RUNNING, UNSURE, PAUSED, "hold"),  # too little was heard: a person decides
    (RUNNING, PAUSE, PAUSED, "hold"),  # the operator wants to look first
    (RUNNING, ABORT, BACK, "take_back"),  # the operator has seen enough
    (PAUSED, BAD, BACK, "take_back"),  # the touched are watched while they wait, too
    (PAUSED, GO, RUNNING, "go_on"),  # this stage once more, measured anew
    (PAUSED, ABORT, BACK, "take_back"),  # the operator has seen enough
)
_RULES = compile_rules(RULES)

CANARY = 2  # badges of each kind: one that is broken itself must not look like a bad change
SHARES = (0.0, 0.1, 0.5, 1.0)  # of the badges that are here, beside the canary
STAGES = ("canary", "10 %", "50 %", "all")
LAST = len(STAGES) - 1


def step(state: int, trigger: int) -> tuple[int, str]:
    """The next state and the action; the same state and "" when the trigger means nothing."""
    cell = _RULES[0][state << TRIGGER_BITS | trigger]
    return (cell >> ACTION_BITS, _RULES[1][cell & ACTION_MASK]) if cell else (state, "")


class Kind(NamedTuple):
    """What badges may have in common that a change can be bad for. `access_point` 0: it has not
    told that; `board` "": nobody has told what it is."""

    build: bytes
    access_point: int
    board: str = ""

    @property
    def make(self) -> tuple[bytes, str]:
        """Wherever it is."""
        return self.build, self.board


def choose(stage: int, version: int, kinds: Mapping[bytes, Kind]) -> frozenset[bytes]:
    """The badges of `stage`, of those in `kinds`, by device. Each stage has those of the
    one before; another `version` begins with other badges."""
    order = sorted(kinds, key=lambda device: _rank(version, device))
    chosen = set(order[: _count(stage, len(order))])
    for kind in set(kinds.values()):
        chosen.update(_first(CANARY, (each for each in order if kinds[each] == kind)))
    return frozenset(chosen)


def _count(stage: int, badges: int) -> int:
    return -int(-SHARES[stage] * badges // 1)


def _first(count: int, devices: Iterable[bytes]) -> list[bytes]:
    return [device for _, device in zip(range(count), devices, strict=False)]


def _rank(version: int, device: bytes) -> bytes:
    return hashlib.sha256(version.to_bytes(4, "big") + device).digest()
