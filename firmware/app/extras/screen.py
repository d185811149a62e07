"""What a display shows: the word for the present situation, from `ptt.badge.indications`; and for a
while after one click of the side button how the badge fares, unless somebody talks.
"""

from micropython import const

from ptt.badge import indications
from ptt.badge.join import JOINED
from ptt.base import events
from ptt.base.clock import NEVER, add, age, since
from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    from ..handset import Handset

    class Face(Protocol):
        """A display, or e-paper."""

        def show(self, lines: "tuple[str, ...]") -> None: ...
        def update(self) -> object: ...


_LOOK_MS = const(10_000)  # seven short lines are read in half of it
_RENEW_MS = const(1000)  # eight pages of the display take eight steps, a quarter of it
_UNKNOWN = const(0xFFFF)


class Screen:
    """An extra of a badge with a display."""

    def __init__(self, display: "Face") -> None:
        self._display = display
        self._until_ms = NEVER
        self._renewed_ms = 0
        self._place = 0  # in the queue
        self._heard = (0, 0, 0, 0)  # the last burst: lease, frames played, concealed and late

    def look(self, now_ms: int) -> None:
        """Show how the badge fares, from the next step on."""
        self._until_ms = add(now_ms, _LOOK_MS)
        self._renewed_ms = add(now_ms, -_RENEW_MS)

    def step(self, handset: "Handset", now_ms: int) -> None:
        if self.is_wanted(handset, now_ms):
            if age(now_ms, self._renewed_ms) >= _RENEW_MS:
                self._renewed_ms = now_ms
                self._display.show(self.lines(handset))
        else:
            self._display.show((indications.SITUATIONS[handset.situation][3],))
        self._display.update()

    def is_wanted(self, handset: "Handset", now_ms: int) -> bool:
        """Whether to show how the badge fares: not while somebody talks, nor again afterwards."""
        if self._until_ms != NEVER and handset.is_quiet() and since(self._until_ms, now_ms) > 0:
            return True
        self._until_ms = NEVER
        return False

    def on_event(self, handset: "Handset", event: tuple, now_ms: int) -> None:
        kind, value = event
        if kind == events.QUEUED:
            self._place = value
        elif kind == events.HEARD:
            self._heard = value[1:5]
        elif kind == events.GRANTED or kind == events.DENIED or kind == events.RELEASED:
            self._place = 0

    def lines(self, handset: "Handset") -> tuple:
        """Leader and role, hosts, round trip, loss, place in the queue, delay of what is played; at
        most 16 letters each, where terms have ten digits, too."""
        own = handset.participant
        membership = own.membership
        if own.join.state != JOINED:
            return ("no leader",)
        trip_ms = membership.round_trip_ms
        played, concealed = self._heard[1], self._heard[2]
        return (
            "term %d" % own.join.term,
            "badge %d of it" % own.join.node,
            "hosts %d" % (1 + len(membership.standbys)),
            "trip ?" if trip_ms == _UNKNOWN else "trip %d ms" % trip_ms,
            "lost %d of %d" % (concealed, played + concealed),
            "queue %d" % self._place,
            "delay %d ms" % own.playout.path.delay_ms,
        )
