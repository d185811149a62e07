"""Somebody at a desk who changes devices and settings all the time, and keeps what was said to be
done."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.node import control
from ptt.base.prng import Prng

_EVERY_S = 1.0
_TALK_MS = 60_000  # and a little more each time
_REVOKED_EACH = 3
_RIGHTS: dict[str, Any] = {"groups": [1], "emergency": False, "priority": 0}


class Operator(threading.Thread):
    """Asks the hosts behind the sockets `doors`, one after the other; `added`, `revoked` and
    `settings` (version to talk limit) are what was acknowledged."""

    def __init__(self, doors: list[Path], seed: int) -> None:
        super().__init__(daemon=True)
        self._doors = doors
        self._prng = Prng(seed)
        self._is_over = threading.Event()
        self.added: set[str] = set()
        self.tried: set[str] = set()  # to be revoked: that may have been done, whatever was said
        self.revoked: set[str] = set()
        self.settings: dict[int, int] = {}
        self.refused = 0

    def run(self) -> None:
        number = 0
        while not self._is_over.wait(_EVERY_S):
            number += 1
            self._change(number)

    def end(self) -> None:
        self._is_over.set()
        self.join()

    def _change(self, number: int) -> None:
        door = self._doors[self._prng.below(len(self._doors))]
        device = f"{number:016x}"
        try:
            control.ask(door, "device add", id=device, name=f"d{number}", **_RIGHTS)
            self.added.add(device)
            if number % _REVOKED_EACH == 0:
                self.tried.add(device)
                control.ask(door, "device revoke", id=device)
                self.revoked.add(device)
            else:
                base = control.ask(door, "settings")["version"]
                values = {"floor.talk_ms": _TALK_MS + number}
                control.ask(door, "settings set", values=values, base=base)
                self.settings[base + 1] = _TALK_MS + number
        except PresselError:
            self.refused += 1  # or not known whether it was done
