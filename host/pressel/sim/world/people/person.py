"""The wearer of a badge: presses, talks at once, waits when told to wait, lets go when done.

The same person can use a badge or the old app. Knows no protocol: the node tells what its light and
its tones say, the person answers with `node.press` and `node.let_go`.
"""

from __future__ import annotations

from typing import Protocol

from ptt.base.numbers import FRAME_MS

from .. import record
from ..stage import Stage

PATIENCE_US = 20_000_000  # nobody stands with a pressed button for longer than this in a queue
FRAME_US = FRAME_MS * 1000


class Handset(Protocol):
    """What a person holds."""

    stage: Stage
    number: int

    def press(self, lane: int = 0) -> None: ...
    def let_go(self) -> None: ...


class Person:
    """One utterance after the other; the person says a frame of it every 20 ms from `begun_us`
    on."""

    def __init__(self, handset: Handset) -> None:
        self._handset = handset
        self.utterance = 0  # number of the newest
        self.is_pressing = False
        self.is_waiting = False  # in the queue: silent until the tone says talk
        self.begun_us = 0
        self.ended_us = 0  # speech ended, or will end, then
        self._length_us = 0
        self._frames = 0  # said of this utterance

    def talk(self, length_us: int, lane: int = 0) -> None:
        """Press, in a lane of the floor, and say something that takes `length_us`; not while still
        pressing."""
        if self.is_pressing:
            return
        self.is_pressing = True
        self.is_waiting = False
        self._length_us = length_us
        self._begin()
        self._note(record.PRESSED)
        self._handset.press(lane)

    def is_saying(self, start_us: int, end_us: int) -> bool:
        """True when a word falls between the two times."""
        return not self.is_waiting and end_us > self.begun_us and start_us < self.ended_us

    def next_frame(self) -> int:
        """The number of the frame being said: they are counted as the microphone hears them."""
        self._frames += 1
        return self._frames - 1

    def give_up(self) -> None:
        """Let go, whatever was to be said."""
        if self.is_pressing:
            self._let_go()

    # --- what the handset shows ---

    def on_queued(self) -> None:
        """What the person said so far was in vain, and the tone told them so."""
        if self.is_pressing and not self.is_waiting:
            self.is_waiting = True
            stage = self._handset.stage
            stage.loop.at(stage.loop.now_us + PATIENCE_US, self._lose_patience, self.utterance)

    def on_granted(self) -> None:
        if self.is_pressing and self.is_waiting:
            self.is_waiting = False
            self._begin()

    def on_refused(self) -> None:
        """Denied or cut off: they let go."""
        if self.is_pressing:
            self._let_go()

    # --- inside ---

    def _begin(self) -> None:
        stage = self._handset.stage
        self.utterance += 1
        self._frames = 0
        self.begun_us = stage.loop.now_us
        self.ended_us = self.begun_us + self._length_us
        stage.loop.at(self.ended_us, self._finish, self.utterance)

    def _finish(self, utterance: int) -> None:
        if utterance == self.utterance and self.is_pressing and not self.is_waiting:
            self._let_go()

    def _lose_patience(self, utterance: int) -> None:
        if utterance == self.utterance and self.is_pressing and self.is_waiting:
            self._let_go()

    def _let_go(self) -> None:
        self.is_pressing = False
        self.ended_us = min(self.ended_us, self._handset.stage.loop.now_us)
        self._note(record.LET_GO)
        self._handset.let_go()

    def _note(self, kind: int) -> None:
        self._handset.stage.note(kind, self._handset.number, self.utterance, 0)
