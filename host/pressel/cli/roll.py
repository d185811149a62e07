"""The roll of a venue, for commands that show or change who may take part."""

from __future__ import annotations

import sys
from pathlib import Path

from pressel.node.door import open_roll


def opened(state: Path | None, *, writes: bool = True, makes: bool = False):
    """The roll of the venue, as `open_roll` has it; warnings about it go to standard error."""
    return open_roll(state, writes=writes, makes=makes, notice=_say)


def _say(words: str) -> None:
    print(words, file=sys.stderr)
