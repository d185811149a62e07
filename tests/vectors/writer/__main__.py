"""Writes the vectors: python -m tests.vectors.writer

`valid`, `malformed` and `coder` are made anew each time, from the message table and the situations
in this folder; a test says when they are stale. `frozen` is what other builds send: written once
with ``--freeze BUILD`` and never again, whatever becomes of the table.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pressel.schema.messages import load_table

from .coder import coder_vector
from .frozen import frozen_situations
from .malformed import malformed_situations
from .valid import valid_situations

FOLDER = Path(__file__).parents[1]


def text_of(vector: dict[str, object]) -> str:
    return json.dumps(vector, indent=1, ensure_ascii=False) + "\n"


def living() -> dict[Path, str]:
    """Path below this folder -> content, of the vectors that follow the table."""
    table = load_table()
    found = {}
    for group, situations in (
        ("valid", valid_situations(table)),
        ("malformed", malformed_situations(table)),
    ):
        for situation in situations:
            path = Path(group, f"{situation.name}.json")
            assert path not in found, path
            found[path] = text_of(situation.as_dict())
    found[Path("coder", "ima-adpcm.json")] = text_of(coder_vector())
    return found


def write_living() -> None:
    wanted = living()
    for path, text in wanted.items():
        (FOLDER / path).parent.mkdir(exist_ok=True)
        (FOLDER / path).write_text(text, encoding="utf-8")
    for group in {path.parent for path in wanted}:
        for old in (FOLDER / group).glob("*.json"):
            if old.relative_to(FOLDER) not in wanted:
                old.unlink()


def freeze(build: str) -> None:
    """Write what `build` sends, as its table in builds/ says; refuses to do so twice."""
    folder = FOLDER / "frozen" / build
    if folder.exists():
        sys.exit(f"{folder} is frozen.")
    folder.mkdir(parents=True)
    for situation in frozen_situations(load_table(FOLDER / "builds" / f"{build}.toml")):
        path = folder / f"{situation.name}.json"
        path.write_text(text_of(situation.as_dict()), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--freeze", metavar="BUILD")
    build = parser.parse_args().freeze
    if build:
        freeze(build)
    else:
        write_living()
