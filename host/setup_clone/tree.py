"""Where things lie in a clone, and the lock that lets one set-up work in it at a time."""

import contextlib
import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
BUILD = ROOT / "build"
LOG = BUILD / "setup.log"
STAMP = VENV / "setup.json"

BUSY = "Another set-up is at work in this folder; waiting for it to end ..."


@contextlib.contextmanager
def only_one() -> Iterator[int]:
    """Hold the lock of the clone; gives its file descriptor, for tools to inherit.

    The lock lies on this very file: always there, deleted by nothing, left behind by nobody.
    """
    with open(__file__, "rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(BUSY, file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()
