"""A child that must not outlive its parent: the parent holds the other end of its stdin."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable


def on_stdin_closed(call: Callable[[], None]) -> None:
    """Call `call` once when standard input ends; what comes before is thrown away."""
    loop = asyncio.get_running_loop()
    if sys.stdin is None:  # closed before we began
        loop.call_soon(call)
        return
    descriptor = sys.stdin.fileno()

    def look() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            call()

    try:
        loop.add_reader(descriptor, look)
    except PermissionError:  # a file or /dev/null: nobody holds the other end
        loop.call_soon(call)
