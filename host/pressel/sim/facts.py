"""What data files of the simulator have in common: how they are found, read and refused."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import UsageError
from pressel.schema.check import did_you_mean
from pressel.toml_text import read_toml


class Facts(BaseModel):
    """A table of a data file: it takes no unknown key, and nothing in it changes."""

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
        near = did_you_mean(name, names_in(folder))
        known = near or f"; known are: {', '.join(names_in(folder))}, or give a .toml file"
        raise UsageError(f"no {what} is called '{name}'{known}")
    with resources.as_file(resources.files("pressel.sim").joinpath(folder, f"{name}.toml")) as path:
        return read(path)


def read_table(path: Path, model: type[Table]) -> Table:
    """`path` as a `model`, its name being the file's; UsageError names file, key and reason."""
    try:
        facts: dict[str, Any] = read_toml(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    if "name" in facts:
        raise UsageError(f"{path}: name: not a key here; the file's own name is the name")
    try:
        return model.model_validate({"name": path.stem, **facts})
    except ValidationError as error:
        wrongs = [_in_words(wrong, model) for wrong in error.errors()]
        raise UsageError(f"{path}: " + "; ".join(wrongs)) from error


def _in_words(wrong: typing.Mapping[str, Any], model: type[BaseModel]) -> str:
    """One fault as "key: what is wrong and what is allowed"."""
    place: Sequence[int | str] = wrong["loc"]
    key = ".".join(str(part) for part in place)
    words = str(wrong["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if wrong["type"] == "extra_forbidden":
        words = f"no such key; there are {', '.join(_keys(model, place[:-1]))}"
    elif wrong["type"] == "missing" and place and isinstance(place[-1], str):
        words = "must be given"
    elif wrong["type"] in ("missing", "too_long", "tuple_type"):
        words = "must be two numbers, the lowest and the highest"
    elif not isinstance(wrong["input"], dict):
        words += f", not {wrong['input']!r}"
    return f"{key}: {words}" if key else words


def _keys(model: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """The keys of the table at `place`."""
    for part in place:
        kind = model.model_fields[str(part)].annotation
        kinds = [kind, *typing.get_args(kind)]
        model = next(each for each in kinds if isinstance(each, type) and each is not type(None))
    return [name for name in model.model_fields if name != "name"]
