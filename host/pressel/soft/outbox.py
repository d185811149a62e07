"""Texts that a person has typed: the badge sends one at a time, and only while it has a leader, so
the others wait here. Of each that is not sent, the person is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pressel.printable import is_printable, one_line
from ptt.base.numbers import TEXT_BYTES_MAX

WAITING_MAX = 16  # a pasted paragraph; each takes the leader a moment


class TextOutbox:
    """`submit` takes a text when the badge can send it now; `say` gets a line for the person."""

    def __init__(self, submit: Callable[[bytes], bool], say: Callable[[str], None]) -> None:
        self._submit = submit
        self._say = say
        self._waiting: deque[str] = deque()
        self._sent: str | None = None  # on its way, not acknowledged

    def write(self, line: str) -> None:
        """Send what was typed, or keep it until that can be done, or tell why not."""
        text = one_line(line)
        if not is_printable(text):
            self._say(f"not sent: {text!a} has characters that control a terminal")
        elif (size := len(text.encode())) > TEXT_BYTES_MAX:
            self._say(f"not sent: a text has at most {TEXT_BYTES_MAX} bytes, and this has {size}")
        elif len(self._waiting) >= WAITING_MAX:
            self._say(f"not sent, since {WAITING_MAX} texts wait already: {text}")
        else:
            self._waiting.append(text)
            self.go_on()

    def go_on(self) -> None:
        """The badge may have become able to send: it has joined, or the last text has arrived."""
        while self._sent is None and self._waiting:
            if not self._submit(self._waiting[0].encode()):
                return
            self._sent = self._waiting.popleft()

    def ended(self, was_taken: bool) -> None:
        """The leader has the text that was on its way, or it never answered."""
        text, self._sent = self._sent, None
        if text is not None and not was_taken:
            self._say(f"not sent: {text}")
        self.go_on()

    def close(self) -> None:
        """The badge ends: what it has not sent is told."""
        left = list(self._waiting) if self._sent is None else [self._sent, *self._waiting]
        for text in left:
            self._say(f"not sent: {text}")
        self._sent = None
        self._waiting.clear()
