"""Reads a host's figures and bursts through its control socket, as seldom as will do.

However many ask for metrics, the host is asked once in `PAUSE_S`: its answer is made between two
datagrams of voice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from pressel.errors import PresselError

from .exposition import DOWN, Exposition

PAUSE_S = 1.0  # Prometheus reads each 15 s; a test or a person may be quicker
PAGES_MAX = 8  # of bursts in one reading; the rest is fetched by the next

Ask = Callable[..., Any]


class Reading:
    """`ask(verb, **fields)` asks the host and raises PresselError when it does not answer. May be
    called from several threads."""

    def __init__(self, ask: Ask, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock_s = clock_s
        self._turn = threading.Lock()
        self._shown = Exposition()
        self._read_s: float | None = None
        self._run = ""
        self._place = 0
        self.why_down = ""

    def render(self, accept: str) -> tuple[bytes, str]:
        """What is known now, and its content type."""
        with self._turn:
            self._read()
            return self._shown.render(accept)

    def _read(self) -> None:
        now_s = self._clock_s()
        if self._read_s is not None and now_s - self._read_s < PAUSE_S:
            return
        try:
            figures = self._ask("figures")
            if "status" in figures:  # bursts are the leader's: two hosts must not count them
                self._count_bursts()
            self._shown.state = {**figures, "exporter": {"up": 1}}
            self.why_down = ""
        except PresselError as error:
            self._shown.state = DOWN
            self.why_down = str(error)
        self._read_s = self._clock_s()

    def _count_bursts(self) -> None:
        for _ in range(PAGES_MAX):
            page = self._ask("bursts", after=self._place)
            if page["run"] != self._run:
                is_first = not self._run
                self._run, self._place = page["run"], 0
                if not is_first:
                    continue  # asked for places of a host that has ended
            for burst in page["bursts"]:
                self._shown.add(burst)
                self._place = burst["place"]
            if self._place >= page["newest"]:
                return
