"""A drawn run as two files that `pressel sim run` and `replay` take: a scenario and a profile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pressel.errors import UsageError

from ..choice import Choice
from .draw import Drawn


def write(drawn: Drawn, folder: Path) -> Choice:
    """Write both into `folder`; the run that they and the seed are. UsageError when it cannot."""
    scenario, profile = folder / "scenario.toml", folder / "profile.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scenario.write_text(_text(drawn.scenario), "utf-8")
        profile.write_text(_text(drawn.profile), "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error
    return Choice(str(scenario), str(profile), drawn.participants, seed=drawn.seed)


def _text(facts: Any) -> str:
    told = facts.model_dump(mode="json", exclude_none=True, exclude={"name"})
    return "\n".join([*_lines(told), ""])


def _lines(table: Mapping[str, Any], name: str = "") -> Iterator[str]:
    if name:
        yield f"\n[{name}]"
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key, value in table.items():
        if key not in tables:
            yield f"{key} = {json.dumps(value)}"  # numbers, texts and lists are the same in TOML
    for key, value in tables.items():
        yield from _lines(value, f"{name}.{key}" if name else key)
