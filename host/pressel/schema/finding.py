"""One thing to say about a file of facts: where, what is wrong, why, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Spot(NamedTuple):
    """Where in a file; both count from 1."""

    line: int
    column: int


START = Spot(1, 1)  # of what concerns the file as a whole


@dataclass(frozen=True, order=True)
class Finding:
    """An error keeps a file from being used; a warning does not."""

    spot: Spot
    key: str  # dotted; "" when the file as a whole is meant
    text: str
    severity: Severity = "error"

    def in_words(self) -> str:
        """`line 3, column 1: key: text`."""
        where = f"line {self.spot.line}, column {self.spot.column}"
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"

    def at(self, file: Path) -> str:
        """`file:line:column: key: text`, which editors and terminals can jump to."""
        where = f"{file}:{self.spot.line}:{self.spot.column}"
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"
