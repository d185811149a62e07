"""Copies leave no faster than access points can send them on.

An access point keeps some hundred packets. What comes on top of them at once is lost, although the
channel has time for it before the next packet.
"""

from ..base.clock import NEVER, add, age, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import MEMBERS_MAX

if TYPE_CHECKING:
    from typing import Any, Protocol

    class CopiesOutput(Protocol):
        """Who sends them."""

        def queue_copies(self, data: bytearray, payload_crc: int, links: "list[Any]") -> None: ...


AT_ONCE = const(96)  # to one access point: drivers keep 128 packets and more of a traffic class
PER_MS = const(5)  # and send one in 200 us, see `plan`
_WAITING_MAX = 2 * MEMBERS_MAX  # copies; more than one packet for each would be old news


class Pace:
    """Passes copies on to `output`, the first at once; as many as fit by `PER_MS` when others have
    left. `access_points` share them evenly."""

    def __init__(self, output: "CopiesOutput") -> None:
        self._output = output
        self.access_points = 1
        self._sent = 0  # of late, and perhaps not on the air yet
        self._counted_ms = 0  # when `_sent` was right
        self._waiting: "list[tuple[bytearray, int, list[Any]]]" = []
        self._due_ms = NEVER
        self.dropped = 0  # copies: access points cannot keep up

    def send(self, data: bytearray, payload_crc: int, links: "list[Any]", now_ms: int) -> None:
        """A datagram for each of `links`, after those that wait."""
        waiting = sum([len(each[2]) for each in self._waiting])
        if waiting + len(links) > _WAITING_MAX:
            self.dropped += len(links)
            return
        self._waiting.append((data, payload_crc, links))
        self._pass_on(now_ms)

    def forget(self) -> None:
        """No copy waits, and none has been sent of late."""
        self._sent = 0
        self._waiting = []
        self._due_ms = NEVER

    def handle_timeout(self, now_ms: int) -> None:
        if self._due_ms != NEVER and since(now_ms, self._due_ms) >= 0:
            self._pass_on(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return self._due_ms

    def _pass_on(self, now_ms: int) -> None:
        per_ms = PER_MS * self.access_points
        gone = min(self._sent, age(now_ms, self._counted_ms) * per_ms)
        self._sent -= gone
        self._counted_ms = now_ms
        room = AT_ONCE * self.access_points - self._sent
        while self._waiting and room > 0:
            data, payload_crc, links = self._waiting.pop(0)
            if len(links) > room:
                self._waiting.insert(0, (data, payload_crc, links[room:]))
                links = links[0:room]
            self._output.queue_copies(data, payload_crc, links)
            room -= len(links)
            self._sent += len(links)
        self._due_ms = NEVER
        if self._waiting:
            # Half of the room at once rather than a copy a millisecond.
            wanted = min(len(self._waiting[0][2]), AT_ONCE * self.access_points // 2)
            self._due_ms = add(now_ms, -(-wanted // per_ms))
