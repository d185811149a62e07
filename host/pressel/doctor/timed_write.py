"""How long the disk takes to keep a little."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

BYTES = 4096  # a page of the registry


def took_s(folder: Path) -> float:
    """Seconds until it is on the disk of `folder`, where nothing is left of it. OSError when it
    cannot be written."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(BYTES))
        file.flush()
        begun_s = time.monotonic()
        os.fsync(file.fileno())
        return time.monotonic() - begun_s
