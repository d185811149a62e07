"""What a box does that has lent itself: one run at a time in each of its threads, which have a
worker process each, as on the box that asks."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path
from typing import Any

from pressel.errors import UsageError

from ..workers import RunDied, Spec, Worker, interpreter

_TREE = Path(__file__).resolve().parents[4]
_OF_A_RUN = ("shared/ptt", "host/pressel/sim/world", "host/pressel/sim/wifi")
_own = threading.local()


@cache
def source() -> str:
    """A mark of all that a run's result follows from: two boxes where it differs could not agree.
    A commit would not do, since files may differ from it."""
    return mark_of(_TREE)


def mark_of(tree: Path) -> str:
    """That of another tree."""
    hashed = hashlib.sha256()
    for folder in _OF_A_RUN:
        for file in sorted((tree / folder).rglob("*.py")):
            name = file.relative_to(tree).as_posix().encode()
            hashed.update(b"%d %b" % (len(name), name))
            hashed.update(hashlib.sha256(file.read_bytes()).digest())
    return hashed.hexdigest()[:16]


def run_here(spec: Spec, python: str | None, wanted: str) -> dict[str, Any]:
    """One of "result"; "died": the last words of a worker that ended; and "refused": why this box
    cannot do it. `python` as for `interpreter`; `wanted`: the asker's `source`."""
    if wanted != source():
        return {"refused": "has another source; bring both to the same commit and begin it anew"}
    workers: dict[str | None, Worker] = _own.__dict__.setdefault("workers", {})
    try:
        if python not in workers:
            workers[python] = Worker(interpreter(python))
        return {"result": workers[python].run(spec)}
    except UsageError as error:
        return {"refused": f"cannot: {error}"}
    except RunDied as error:
        workers.pop(python).close()
        return {"died": error.last_words}
