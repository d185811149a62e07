"""One JSON line on the serial port for each event, for listeners to parse."""

import json


def write(now_ms: int, event: str, value: object = None) -> None:
    """`value` is an int, a string, a tuple of them or None."""
    print(json.dumps({"ms": now_ms, "event": event, "value": value}))
