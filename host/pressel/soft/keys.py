"""The keyboard of a soft badge: Enter presses the talk button and lets it go again; a line with
words in it is a text."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
from collections.abc import Callable

_READ_BYTES_MAX = 4096  # what a terminal gives at once
LINE_CHARACTERS_MAX = 65_536  # of what never ends; it is passed on, and then too long for a text


def on_lines(call: Callable[[str], None]) -> None:
    """Call `call` for each line typed or pasted, until the input ends.

    Raises PermissionError or ValueError when nobody can type here.
    """
    if sys.stdin is None:
        raise ValueError("standard input is closed")
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()
    lines = Lines()

    def look() -> None:
        typed = os.read(descriptor, _READ_BYTES_MAX)
        if not typed:
            loop.remove_reader(descriptor)
        for line in lines.take(typed):
            call(line)

    loop.add_reader(descriptor, look)


class Lines:
    """Whole lines of what comes in pieces, which end anywhere, even within a character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = ""

    def take(self, data: bytes) -> list[str]:
        """The lines that `data` ends, stripped. No data: the input has ended, with or without the
        end of a line."""
        self._begun += self._decoder.decode(data, final=not data)
        *lines, self._begun = self._begun.split("\n")
        if self._begun and (not data or len(self._begun) > LINE_CHARACTERS_MAX):
            lines.append(self._begun)
            self._begun = ""
        return [line.strip() for line in lines]
