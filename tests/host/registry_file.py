"""What tests of the registry have in common: names, and ways to its file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from pressel.registry.database import DATABASE

ANN = "00112233445566aa"
BEN = "00112233445566bb"
KEY = bytes(range(32))
BOX = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"  # of another host
CODE = "ACDE-FHJK"
PATHS = os.pathsep.join(
    str(Path(__file__).resolve().parents[2] / each) for each in ("host", "shared")
)


def sql(folder: Path, statement: str, *values: object) -> list:
    with sqlite3.connect(folder / DATABASE) as db:
        return db.execute(statement, values).fetchall()


def python(code: str, *args: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code, *map(str, args)]
    environment = {**os.environ, "PYTHONPATH": PATHS}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
