"""One text on its way to the leader, repeated until it is acknowledged.

One at a time: a badge has no keyboard, and a soft badge's user types slower than this repeats.
"""

from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import REQUEST_RETRY_MS, REQUEST_RETRY_MS_MAX, TEXT_TRIES_MAX

if TYPE_CHECKING:
    from typing import Protocol

    class TextOutput(Protocol):
        """What a text needs done."""

        def send_text_message(self, number: int, text: bytes, now_ms: int) -> None: ...
        def text_done(self, number: int, was_taken: bool) -> None: ...


class TextSender:
    """`number` counts texts, modulo 2^16; `text` is None when none is on its way."""

    def __init__(self, output: "TextOutput") -> None:
        self._output = output
        self.text: bytes | None = None
        self._number = 0
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

    def on_ack(self, number: int) -> bool:
        """TEXT_ACK; False when it is not for the text that waits."""
        if self.text is None or number != self._number:
            return False
        self._end(True)
        return True

    def handle_timeout(self, now_ms: int) -> None:
        if self.text is None or since(now_ms, self._due_ms) < 0:
            return
        if self._tries >= TEXT_TRIES_MAX:
            self._end(False)
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
            self._output.send_text_message(self._number, text, now_ms)

    def _end(self, was_taken: bool) -> None:
        self.text = None
        self._output.text_done(self._number, was_taken)
