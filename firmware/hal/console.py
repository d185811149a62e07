"""The console, on the serial port: Ctrl-C twice, or right behind Enter, stops the firmware. Once
does not.

MicroPython stops a program at the first Ctrl-C, which may be noise on a wire. That holds while the
firmware starts, for who asks then; from then on it is up to this. Enter and Ctrl-C are what
mpremote sends.
"""

import select
import sys

import micropython
from micropython import const

from ptt.base.clock import age
from ptt.base.compat import TYPE_CHECKING

from . import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

_CTRL_C = const(3)
_ENTER = const(13)
_AGAIN_MS = const(2000)  # two keys that a person presses; noise hardly has both so close together
_NEVER_MS = const(-1)


def turns() -> "Iterator[int]":
    """The time, turn by turn, until somebody asks: KeyboardInterrupt. A turn takes one key."""
    micropython.kbd_intr(-1)
    poller = select.poll()
    poller.register(sys.stdin, select.POLLIN)
    asked_ms = _NEVER_MS
    before = 0
    while True:
        now_ms = clock.now_ms()
        yield now_ms
        for _ in poller.ipoll(0):
            key = sys.stdin.buffer.read(1)
            if key:
                if key[0] == _CTRL_C:
                    is_again = asked_ms != _NEVER_MS and age(now_ms, asked_ms) <= _AGAIN_MS
                    if is_again or before == _ENTER:
                        raise KeyboardInterrupt
                    asked_ms = now_ms
                before = key[0]
