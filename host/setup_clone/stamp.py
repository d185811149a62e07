"""What has been set up, as digests of what it was made from; kept in the environment itself."""

import contextlib
import hashlib
import json
import platform
import sys
from pathlib import Path

from setup_clone import copies, pesq
from setup_clone.tree import NODE_MODULES, ROOT, STAMP, VENV_PYTHON


def digest(*parts: Path | str) -> str:
    """SHA-256 over strings and the contents of files, each with its length before it."""
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


class Stamp:
    """Wanted digests (attributes) beside those of what was done (`done`, from the file)."""

    def __init__(self) -> None:
        version = "{}.{}".format(*sys.version_info[:2])
        python = [platform.python_implementation(), version, platform.machine()]
        # The folder is part of it because scripts in the environment hold its path.
        self.environment = digest(ROOT / "requirements.lock", *python, str(ROOT))
        self.javascript = digest(ROOT / "package-lock.json")
        self.pesq = digest(pesq.PESQ_LOCK)
        self.copies = digest(copies.SOURCE, platform.machine())
        self.done = {}
        with contextlib.suppress(OSError, ValueError):
            self.done = json.loads(STAMP.read_text())

    def has_environment(self) -> bool:
        return self.done.get("environment") == self.environment and VENV_PYTHON.exists()

    def has_javascript(self) -> bool:
        present = (NODE_MODULES / ".package-lock.json").exists()  # npm writes it last
        return self.done.get("javascript") == self.javascript and present

    def has_pesq(self) -> bool:
        """True as well when PESQ was left out and the reason still stands."""
        if self.done.get("pesq") != self.pesq:
            return False
        return self.done["pesq_installed"] or self.done["pesq_obstacle"] == pesq.obstacle()

    def has_copies(self) -> bool:
        """True as well when the part in C was left out and the reason still stands."""
        if self.done.get("copies") != self.copies:
            return False
        if self.done["copies_compiled"]:
            return copies.LIBRARY.exists()
        return self.done["copies_obstacle"] == copies.obstacle()

    def complete(self) -> bool:
        has_python = self.has_environment() and self.has_pesq() and self.has_copies()
        return has_python and self.has_javascript()

    def record(self, **done: str | bool) -> None:
        """Add to what was done; written whole or not at all."""
        self.done.update(done)
        fresh = STAMP.with_suffix(".new")
        fresh.write_text(json.dumps(self.done, indent=1) + "\n")
        fresh.replace(STAMP)
