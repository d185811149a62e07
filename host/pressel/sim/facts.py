"""What data files of the simulator have in common: how they are found, read and refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import UsageError


class Facts(BaseModel):
    """A table of a data file: no key that is not known, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _in_order(pair: tuple[int, int]) -> tuple[int, int]:
    if pair[0] > pair[1]:
        raise ValueError("the first must not be above the second")
    return pair


Percent = Annotated[int, Field(ge=0, le=100)]
Milliseconds = Annotated[int, Field(ge=0, le=3_600_000)]
Range = Annotated[tuple[Milliseconds, Milliseconds], AfterValidator(_in_order)]
Rate = Annotated[int, Field(ge=0, le=60_000)]  # a minute, in percent of the participants

Table = TypeVar("Table", bound=Facts)


def names_in(folder: str) -> list[str]:
    """The data files of `folder`, by name, in alphabetical order."""
    files = resources.files("pressel.sim").joinpath(folder).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load(folder: str, what: str, name: str, read: Callable[[Path], Table]) -> Table:
    """The file `name` of `folder`, or the file at the path `name`; UsageError if there is none."""
    if name.endswith(".toml"):
        return read(Path(name))
    if name not in names_in(folder):
        known = ", ".join(names_in(folder))
        raise UsageError(f"no {what} is called '{name}'; known are: {known}, or give a .toml file")
    with resources.as_file(resources.files("pressel.sim").joinpath(folder, f"{name}.toml")) as path:
        return read(path)


def read_table(path: Path, model: type[Table]) -> Table:
    """`path` as a `model`, its name being the file's; UsageError names file, key and reason."""
    try:
        facts: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return model.model_validate({"name": path.stem, **facts})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    except ValidationError as error:
        wrongs = []
        for wrong in error.errors():
            key = ".".join(str(part) for part in wrong["loc"])
            words = wrong["msg"].removeprefix("Value error, ")
            wrongs.append(f"{key}: {words}" if key else words)
        raise UsageError(f"{path}: " + "; ".join(wrongs)) from error
