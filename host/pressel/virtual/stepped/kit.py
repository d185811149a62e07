"""What a stepped badge needs of this host: the command line of its runtime, the shims' image.

Made once, by the Python that has Node and the compiler; written to a file, it serves a Python that
has neither.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Kit(NamedTuple):
    """`command`: Node and what it runs; `shims`: the image file."""

    command: tuple[str, ...]
    shims: Path

    def save(self, file: Path) -> None:
        record = {"command": self.command, "shims": str(self.shims)}
        file.write_text(json.dumps(record), "utf-8")

    @staticmethod
    def load(file: Path) -> Kit:
        """Raises OSError or ValueError when `file` is missing or is not a kit."""
        record = json.loads(file.read_text("utf-8"))
        return Kit(tuple(record["command"]), Path(record["shims"]))
