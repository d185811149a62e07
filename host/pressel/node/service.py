"""What a host tells the system's service manager that started it: that it serves, that it is alive,
that it ends (the protocol of sd_notify: datagrams to the socket in NOTIFY_SOCKET).

A host that nobody waits for tells nobody.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping

_USEC = 1_000_000


class Service:
    """Takes its variables out of `environ`, which what a host starts must not inherit."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        limit = environ.pop("WATCHDOG_USEC", "")
        whose = environ.pop("WATCHDOG_PID", "")
        is_ours = whose in ("", str(os.getpid()))
        self._limit_s = int(limit) / _USEC if limit.isdecimal() and is_ours else 0.0

    @property
    def pulse_s(self) -> float | None:
        """Between two signs of life: half of what the manager waits; None when it does not."""
        return self._limit_s / 2 if self._address and self._limit_s else None

    def say_ready(self, status: str) -> None:
        self._say(f"READY=1\nSTATUS={status}")

    def say_alive(self) -> None:
        self._say("WATCHDOG=1")

    def say_stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        """A manager that does not listen is no reason to serve no longer: it will act itself."""
        if not self._address:
            return
        # "@" begins the name of a socket that is no file.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line,
        ):
            line.sendto(words.encode(), address)
