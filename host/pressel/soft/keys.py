"""The talk button of a soft badge: the Enter key, pressed once to talk and once more to stop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable


def on_enter(call: Callable[[], None], on_end: Callable[[], None]) -> None:
    """Call `call` for each line typed, `on_end` when the input ends.

    Raises PermissionError or ValueError when nobody can type here.
    """
    if sys.stdin is None:
        raise ValueError("standard input is closed")
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()

    def look() -> None:
        typed = os.read(descriptor, 4096)
        if not typed:
            loop.remove_reader(descriptor)
            on_end()
        for _ in range(typed.count(b"\n")):
            call()

    loop.add_reader(descriptor, look)
