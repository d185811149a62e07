"""Libraries that are put between a host and its machine, where there is a C compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def library(name: str, work: Path) -> Path | None:
    """Built in `work` from the source `name` beside this file; None: it cannot be."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    made = work / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    words = [compiler, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"]
    return None if subprocess.run(words, check=False, capture_output=True).returncode else made
