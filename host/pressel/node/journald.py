"""Events in the journal of systemd, each with fields to search by:
`journalctl PRESSEL_BURST=5012` shows all that a host said of one burst, and
`journalctl -u pressel -o json` is a log that other commands read.

The journal's own protocol: one datagram an event, one line a field.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pressel.schema.events import event_table
from pressel.schema.sentences import sentence

SOCKET = Path("/run/systemd/journal/socket")
EVENT = "PRESSEL_EVENT"
FIELDS = "PRESSEL_FIELDS"  # all of them, as JSON: what `journalctl -o json` gives is a log as any
VALUE_CHARACTERS_MAX = 2000  # sentences are a tenth of it
_WARNING, _INFO = "4", "6"  # priorities of syslog
# What ties events together, by the field of ours that names it.
_THREADS = {
    "lease": "BURST",
    "term": "TERM",
    "node": "JOIN",
    "release": "CAMPAIGN",
    "version": "CHANGE",
    "device": "DEVICE",
}


def entry(event: str, fields: Mapping[str, Any]) -> bytes:
    """The datagram for one event."""
    row = event_table().rows().get(event)
    is_warning = row is not None and row.warning
    told = {
        "MESSAGE": sentence(event, fields),
        "PRIORITY": _WARNING if is_warning else _INFO,
        "SYSLOG_IDENTIFIER": "pressel",
        EVENT: event,
    }
    for name, thread in _THREADS.items():
        if name in fields:
            told[f"PRESSEL_{thread}"] = str(fields[name])
    whole = json.dumps(fields)
    if len(whole) <= VALUE_CHARACTERS_MAX:  # a part of it would mean nothing
        told[FIELDS] = whole
    return "".join(f"{name}={_plain(value)}\n" for name, value in told.items()).encode()


class Journald:
    """Sends to the journal at `path`; never waits for it."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def report(self, event: str, fields: Mapping[str, Any]) -> bool:
        """False when the journal did not take it: it is full, or gone."""
        try:
            self._socket.sendto(entry(event, fields), str(self._path))
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


def _plain(value: str) -> str:
    """On one line: a line break would begin a field of somebody else's choice."""
    return "".join(each if each.isprintable() else "?" for each in value[:VALUE_CHARACTERS_MAX])
