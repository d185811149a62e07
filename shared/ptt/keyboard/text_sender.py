"""One text of ours on its way to the leader, repeated until it is acknowledged.

One at a time: a person types slower than this repeats.
"""

from ..badge.join import JOINED
from ..base import events
from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import (
    REQUEST_RETRY_MS,
    REQUEST_RETRY_MS_MAX,
    TEXT_BYTES_MAX,
    TEXT_TRIES_MAX,
)
from ..link import text_cipher
from ..wire import messages, refusal
from ..wire.envelope import FLAG_SEALED, FLAG_SECRET, FLAGS_AT

if TYPE_CHECKING:
    from typing import Any

    from ..badge.participant import Participant


class TextSender:
    """The keyboard of `participant`. `text` is None when none is on its way."""

    obeys = {messages.TEXT_ACK: "_on_ack"}

    def __init__(self, participant: "Participant") -> None:
        self._owner = participant
        participant.take_keyboard(self)
        self.text: bytes | None = None
        self.number = 0  # of our last one, modulo 2^16
        self._tries = 0
        self._retry_ms = 0
        self._due_ms = 0

    def send(self, text: bytes, now_ms: int) -> bool:
        """UTF-8 of 1 to `TEXT_BYTES_MAX` bytes to the group; event TEXT_SENT tells how it went.

        False when not joined or while another text is on its way."""
        if not 0 < len(text) <= TEXT_BYTES_MAX:
            raise ValueError("a text has 1 to %d bytes" % TEXT_BYTES_MAX)
        if self._owner.join.state != JOINED or self.text is not None:
            return False
        self.text = text
        self.number = (self.number + 1) & 0xFFFF
        self._tries = 0
        self._retry_ms = REQUEST_RETRY_MS // 2
        self._try(now_ms)
        return True

    def encrypt(self, data: bytearray, end: int, is_read: int) -> None:
        """For `Session`: our text in the datagram `data` up to `end`, in place, if the leader
        reads such ones: one of an earlier version does not."""
        link = self._owner.link
        if is_read and link.keys is not None:
            data[FLAGS_AT] = FLAG_SEALED | FLAG_SECRET
            text_cipher.wrap(link.hmac, link.keys.wrap, data, end, 0)

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

    def _on_ack(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """TEXT_ACK."""
        if self.text is None or fields[0] != self.number:
            return refusal.STALE
        self._end(1)
        return refusal.ACCEPTED

    def _try(self, now_ms: int) -> None:
        self._tries += 1
        self._retry_ms = min(self._retry_ms * 2, REQUEST_RETRY_MS_MAX)
        self._due_ms = add(now_ms, self._retry_ms)
        text = self.text
        if text is not None:
            owner = self._owner
            group, node = owner.floor.group, owner.join.node
            values = (group, self.number, messages.TEXT_PERSON, node, owner.name, text)
            owner.send(messages.TEXT_MESSAGE, values, owner.link.address, now_ms)

    def _end(self, was_taken: int) -> None:
        self.text = None
        self._owner.tell(events.TEXT_SENT, was_taken)
