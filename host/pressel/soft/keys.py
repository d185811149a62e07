"""The keyboard of a soft badge: Enter presses the talk button and lets it go again; a line with
words in it is a text."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

LINE_BYTES_MAX = 4096  # of what is typed or pasted at once; the rest comes as further lines


def on_lines(call: Callable[[str], None]) -> None:
    """Call `call` for each line typed, until the input ends.

    Raises PermissionError or ValueError when nobody can type here.
    """
    if sys.stdin is None:
        raise ValueError("standard input is closed")
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()

    def look() -> None:
        typed = os.read(descriptor, LINE_BYTES_MAX)
        if not typed:
            loop.remove_reader(descriptor)
        for line in typed.decode(errors="replace").splitlines():
            call(line.strip())

    loop.add_reader(descriptor, look)
