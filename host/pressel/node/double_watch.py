"""Looks for another host with this one's identity on the network of the badges, and stands down
when it was there first."""

from __future__ import annotations

from collections.abc import Callable

from pressel.transport.udp import BROADCAST, Address

from .doubles import Doubles
from .options import EVERYWHERE
from .report import Report
from .sockets import Port

LOOK_S = 0.5
_OFTEN = 4  # looks at the start, before badges have settled
_EVERY = 20  # one of so many later: ten seconds, of a few bytes


class DoubleWatch:
    """`port` is that for badges; `stand_down` takes this host off duty. `looks`: hosts may be
    looked for by broadcast."""

    def __init__(
        self,
        doubles: Doubles,
        port: Port,
        looks: bool,
        stand_down: Callable[[], None],
        report: Report,
    ) -> None:
        self._doubles = doubles
        self._port = port
        self._looks = looks
        self._stand_down = stand_down
        self._report = report
        self._told: Address | None = None  # of which it was told last

    async def look(self, number: int) -> None:
        """As a chore."""
        address, port = self._port.address
        is_time = number < _OFTEN or number % _EVERY == 0
        if self._looks and address == EVERYWHERE and is_time:
            self._port.send(self._doubles.ask(), (BROADCAST, port))

    def receive(self, data: bytes, source: Address) -> None:
        """A datagram that begins with `doubles.TAG`."""
        answer = self._doubles.answer(data)
        if answer is not None:
            self._port.send(answer, source)
        is_older = self._doubles.is_older(data)
        if is_older is None:
            return
        if is_older:
            self._stand_down()
        if source != self._told:
            self._told = source
            fields = {"address": f"{source[0]}:{source[1]}"}
            if is_older:
                self._report("double_leads", fields)
            else:
                self._report("double_there", fields)
