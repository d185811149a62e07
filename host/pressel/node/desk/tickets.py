"""Tickets: who has opened a recording fetches its pieces without a word in the log for each."""

from __future__ import annotations

import secrets
import time

from pressel.errors import PresselError
from pressel.recordings.burst_mark import Mark

TICKET_S = 600.0  # to fetch the pieces of one recording
TICKETS_MAX = 64


class Tickets:
    """The newest TICKETS_MAX, each good for TICKET_S."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[Mark, float]] = {}

    def give(self, mark: Mark) -> str:
        now_s = time.monotonic()
        self._given = {word: kept for word, kept in self._given.items() if kept[1] > now_s}
        while len(self._given) >= TICKETS_MAX:
            del self._given[next(iter(self._given))]
        ticket = secrets.token_urlsafe(16)
        self._given[ticket] = mark, now_s + TICKET_S
        return ticket

    def mark_of(self, ticket: str) -> Mark:
        """PresselError for one that was not given, or is too old."""
        mark, until_s = self._given.get(ticket, (None, 0.0))
        if mark is None or time.monotonic() > until_s:
            raise PresselError("that took too long; open the recording again")
        return mark
