"""Texts: those of others, which the leader passes on, and one of ours on its way to it, repeated
until it is acknowledged.

One at a time: a badge has no keyboard, and a soft badge's user types slower than this repeats.
"""

from ..base import events
from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import REQUEST_RETRY_MS, REQUEST_RETRY_MS_MAX, TEXT_TRIES_MAX
from ..wire import messages, refusal

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..link.link import Link
    from .floor import FloorParticipant
    from .groups import Groups
    from .join import Join

    class TextsOwner(Protocol):
        """The participant that writes and reads."""

        name: bytes
        floor: FloorParticipant
        groups: Groups
        join: Join
        link: Link

        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


class Texts:
    """`text` is None when none is on its way."""

    obeys = {
        messages.TEXT_MESSAGE: "_on_text",
        messages.TEXT_ACK: "_on_ack",
    }

    def __init__(self, owner: "TextsOwner") -> None:
        self._owner = owner
        self.shown_writer = -1  # of the last text shown, to recognize the network's repetitions
        self._shown_number = -1
        self.text: bytes | None = None
        self._number = 0  # of our last one, modulo 2^16
        self._tries = 0
        self._retry_ms = 0
        self._due_ms = 0

    def submit(self, text: bytes, now_ms: int) -> bool:
        """Send `text`; False while another one waits."""
        if self.text is not None:
            return False
        self.text = text
        self._number = (self._number + 1) & 0xFFFF
        self._tries = 0
        self._retry_ms = REQUEST_RETRY_MS // 2
        self._try(now_ms)
        return True

    # --- what the leader says; why not when it is refused ---

    def _on_text(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """TEXT_MESSAGE."""
        group, number, kind, writer, name, text = fields
        if not self._owner.groups.is_told(group):
            return refusal.FIELD
        if writer == self.shown_writer and number == self._shown_number:
            return refusal.STALE
        self.shown_writer = writer
        self._shown_number = number
        self._owner.tell(events.TEXT, (kind, writer, name, text))
        return refusal.ACCEPTED

    def _on_ack(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """TEXT_ACK."""
        if self.text is None or fields[0] != self._number:
            return refusal.STALE
        self._end(1)
        return refusal.ACCEPTED

    # --- ours ---

    def handle_timeout(self, now_ms: int) -> None:
        if self.text is None or since(now_ms, self._due_ms) < 0:
            return
        if self._tries >= TEXT_TRIES_MAX:
            self._end(0)
        else:
            self._try(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return NEVER if self.text is None else self._due_ms

    def _try(self, now_ms: int) -> None:
        self._tries += 1
        self._retry_ms = min(self._retry_ms * 2, REQUEST_RETRY_MS_MAX)
        self._due_ms = add(now_ms, self._retry_ms)
        text = self.text
        if text is not None:
            owner = self._owner
            group, node = owner.floor.group, owner.join.node
            values = (group, self._number, messages.TEXT_PERSON, node, owner.name, text)
            owner.send(messages.TEXT_MESSAGE, values, owner.link.address, now_ms)

    def _end(self, was_taken: int) -> None:
        self.text = None
        self._owner.tell(events.TEXT_SENT, was_taken)
