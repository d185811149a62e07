"""The result of a bring-up as a file: what was measured on which badge, written after each test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import UsageError

_FILE_BYTES_MAX = 1 << 20  # a whole result has some 20 KB
_TEXT_MAX = 2000  # of what a badge says
Outcome = Literal["passed", "failed", "left out", "broken"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Measured(_Data):
    """One figure: what it is, what it should be, and the number or fact that it confirms (`ok`) or
    changes. `now`: what the repository has for that."""

    key: str = Field(max_length=40)
    value: float | bool | str | None = None
    unit: str = Field(default="", max_length=40)
    expected: str = Field(default="", max_length=_TEXT_MAX)
    ok: bool
    number: str = Field(default="", max_length=200)
    now: str = Field(default="", max_length=200)
    why: str = Field(default="", max_length=_TEXT_MAX)


class Done(_Data):
    """How one test ended; "broken": it did not come to an end, and `why` says why."""

    number: int
    outcome: Outcome
    why: str = Field(default="", max_length=_TEXT_MAX)
    at: str = Field(default="", max_length=40)  # UTC
    values: list[Measured] = Field(default_factory=list, max_length=100)


class Result(_Data):
    """All tests of one badge, by id. `emulated`: nothing of it was measured on silicon."""

    format: Literal[1] = 1
    board: str = Field(max_length=80)
    device: str = Field(pattern="^[0-9a-f]{12}$")  # the chip's own address
    machine: str = Field(default="", max_length=200)
    build: str = Field(default="", max_length=80)
    emulated: bool = False
    tests: dict[str, Done] = Field(default_factory=dict, max_length=200)

    @property
    def failed(self) -> list[str]:
        return [name for name, each in self.tests.items() if each.outcome in ("failed", "broken")]


def read_result(file: Path) -> Result:
    """UsageError says what is wrong with the file."""
    try:
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise UsageError(f"{file} is too large for a bring-up's result; name another file")
        return Result.model_validate_json(file.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{file} is no bring-up's result: {where or 'content'}: {first['msg']}; make one with "
            "`pressel badge bringup PORT`"
        ) from error


def write_result(file: Path, result: Result) -> None:
    """A power cut leaves the file as it was or as it is now."""
    beside = file.with_name(file.name + ".new")
    beside.write_text(json.dumps(result.model_dump(), indent=1) + "\n", "utf-8")
    beside.replace(file)
