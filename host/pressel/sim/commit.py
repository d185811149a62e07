"""The source that a run was made with: without it, a seed means nothing a year later."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

_TREE = Path(__file__).resolve().parents[3]
_LIMIT_S = 10.0


@cache
def commit() -> str | None:
    """The commit of the source tree, 12 digits, with "+" when files differ from it; None when this
    is no checkout, or git is missing."""
    top = _git("rev-parse", "--show-toplevel")
    if top is None or Path(top) != _TREE:  # installed inside somebody else's repository
        return None
    digits = _git("rev-parse", "--short=12", "HEAD")
    changes = _git("status", "--porcelain", "--", "host", "shared", "firmware")
    return None if digits is None else digits + ("+" if changes else "")


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(_TREE), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
