"""The bring-up tests, read from tests.toml and programs/. Knows no badge."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pressel.errors import UsageError
from pressel.schema.check import did_you_mean

_FOLDER = Path(__file__).parent
_PROGRAMS = _FOLDER / "programs"
_FIRST = "_first.py"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(_Data):
    """One figure that a test measures, and what it should be. `fact`, `least` and `most` are keys
    of the board's or the chip's file; `number` is "file name" of what the figure confirms."""

    key: str
    unit: str = ""
    min: float | None = None
    max: float | None = None
    equals: str | bool | None = None
    fact: str = ""
    least: str = ""
    most: str = ""
    number: str = ""
    why: str = ""


class Test(_Data):
    """One numbered test; tests.toml explains the keys."""

    __test__ = False  # not one of pytest's

    number: int
    id: str
    title: str
    program: str
    parts: list[str] = []
    start: str = ""
    after: str = ""
    ends: bool = False
    sends: bool = False
    needs_leader: bool = False
    rounds: int = 1
    limit_s: float
    needs: list[str] = []
    lacks: list[str] = []
    person: dict[str, str] = {}
    question: str = ""
    number_of_answer: str = ""
    values: list[Value] = []

    @property
    def needs_person(self) -> bool:
        return bool(self.person or self.question)

    def source(self) -> str:
        """The program as the badge gets it."""
        return _joined([_FIRST, *self.parts], self.start, self.program)

    def source_after(self) -> str:
        return _joined([_FIRST], "", self.after)

    def left_out(self, board: dict[str, Any]) -> str:
        """Why a board with these facts has no use for it; empty when it has."""
        for key in self.needs:
            if not _has(board, key):
                return f"the board has no {key.replace('_', ' ').replace('.', ' ')}"
        for key in self.lacks:
            if key == "microphone.pdm":
                if board.get("microphone", {}).get("kind") == "pdm":
                    return "stock MicroPython cannot read its microphone"
            elif board.get(key):
                return "microphone and speaker share a port"
        return ""


def _has(board: dict[str, Any], key: str) -> bool:
    at: Any = board
    for part in key.split("."):
        if not isinstance(at, dict) or part not in at:
            return False
        at = at[part]
    return True


def _joined(parts: list[str], start: str, program: str) -> str:
    texts = [_text(part) for part in parts]
    return "\n".join([*texts, start, _text(program)])


@cache
def _text(name: str) -> str:
    return (_PROGRAMS / name).read_text("utf-8")


@cache
def plan() -> tuple[Test, ...]:
    """All tests in the order of their numbers."""
    content = tomllib.loads((_FOLDER / "tests.toml").read_text("utf-8"))
    return tuple(Test.model_validate(each) for each in content["test"])


def chosen(only: tuple[str, ...], skip: tuple[str, ...]) -> list[Test]:
    """The tests to run, by number or id; UsageError names what is not one."""
    known = {name: each for each in plan() for name in (str(each.number), each.id)}
    for name in (*only, *skip):
        if name not in known:
            ids = ", ".join(f"{each.number} {each.id}" for each in plan())
            near = did_you_mean(name, list(known)) or f"; there are {ids}"
            raise UsageError(f"'{name}' is no test{near}")
    wanted = [known[name] for name in only] if only else list(plan())
    left = {known[name].id for name in skip}
    wanted_ids = {each.id for each in wanted} - left
    return [each for each in plan() if each.id in wanted_ids]
