"""One thing to say about a file of facts: where, what is wrong, why, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Finding:
    """An error keeps a file from being used; a warning does not."""

    line: int
    key: str  # dotted; "" when the file as a whole is meant
    text: str
    severity: Severity = "error"

    def at(self, file: Path) -> str:
        """`file:line: key: text`, which editors and terminals can jump to."""
        return (
            f"{file}:{self.line}: {self.key}: {self.text}"
            if self.key
            else f"{file}:{self.line}: {self.text}"
        )
