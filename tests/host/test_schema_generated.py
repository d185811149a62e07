"""The code that is made from shared/schema is what its tables give."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.schema.generated import PTT, generated

FILES = generated()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PTT)))
def test_it_is_current(file: Path) -> None:
    assert file.read_text("utf-8") == FILES[file], "run `make schema`"


def test_no_other_file_says_that_it_is_made() -> None:
    made = {file for file in PTT.rglob("*.py") if "Written by `make schema`" in _one_line(file)}
    assert made == set(FILES)


def _one_line(file: Path) -> str:
    return " ".join(file.read_text("utf-8").split())
