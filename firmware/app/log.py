"""One JSON line on the serial port for each event, for listeners to parse.

A serial port takes 128 bytes at once and the rest at 11 a millisecond. A USB port that is open and
that nobody reads holds each line for up to half a second: from the first one on, only the line of
"health" tries it, once a minute and while nobody talks.
"""

import json

from micropython import const

from hal import clock

_SLOW_MS = const(100)  # the longest line, of a crash, takes a serial port 60
_TRIES = "health"

_is_slow = False


def write(now_ms: int, event: str, value: object = None) -> None:
    """`value` is an int, a string, a tuple of them or None."""
    global _is_slow
    if _is_slow and event != _TRIES:
        return
    begun_ms = clock.now_ms()
    print(json.dumps({"ms": now_ms, "event": event, "value": value}))
    _is_slow = clock.now_ms() - begun_ms >= _SLOW_MS  # not where the clock turns: once in 12 days
