"""Asks the leader for the floor on behalf of old apps: one app at a time, the first to press.

It has the bridge's own participant and knows nothing of what apps say. It gives a place in the
leader's queue back at once: nobody can tell an old app to wait, or when to begin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptt.badge.floor import NO_PERMISSION, PENDING_RELEASE
from ptt.badge.participant import Participant
from ptt.base import events
from ptt.base.numbers import RELEASE_TAIL_FRAMES

from .client import Client
from .press import GRANT, REFUSE
from .sound import SILENCE, Frame

Fire = Callable[[Client, int, int], None]  # (app, trigger of its press, now_ms)


class FloorProxy:
    """The talk button of `participant`, for whichever app presses; `fire` tells an app's press."""

    def __init__(self, participant: Participant, fire: Fire) -> None:
        self._participant = participant
        self._fire = fire
        self.talker: Client | None = None  # who has, or is to have, our button
        self._is_pressed = False  # our button, for that talker

    def is_taken(self) -> bool:
        """Does a badge talk?"""
        return self._participant.floor.talker != 0

    def ask(self, talker: Client, now_ms: int) -> None:
        """`talker` has pressed."""
        if self.talker is not None or self.is_taken():
            self._fire(talker, REFUSE, now_ms)
            return
        self.talker = talker
        self._is_pressed = False
        self.settle(now_ms)

    def settle(self, now_ms: int) -> None:
        """Press for the app that waits, as soon as the burst before, which is another app's, is
        out."""
        state = self._participant.floor.state
        is_free = state in (NO_PERMISSION, PENDING_RELEASE)
        if self.talker is not None and not self._is_pressed and is_free:
            self._is_pressed = True
            self._participant.press(now_ms)

    def speak(self, frame: Frame, now_ms: int) -> None:
        """A frame of the talker's voice; kept until granted."""
        if self._is_pressed:
            self._participant.write_microphone(frame, now_ms)

    def let_go(self, last: list[Frame], now_ms: int) -> None:
        """The talker has let go; `last` is the rest of what it said. The participant waits for a
        tail from its microphone and gets it at once, so that the floor is free that much sooner."""
        was_pressed = self._is_pressed
        self.talker = None
        self._is_pressed = False
        if not was_pressed:
            return
        frames = last + [SILENCE] * (RELEASE_TAIL_FRAMES - len(last))
        for frame in frames[:-RELEASE_TAIL_FRAMES]:
            self._participant.write_microphone(frame, now_ms)
        self._participant.release(now_ms)
        for frame in frames[-RELEASE_TAIL_FRAMES:]:
            self._participant.write_microphone(frame, now_ms)

    def take_event(self, kind: int, value: Any, now_ms: int) -> None:
        """What the participant tells, about its own button and about anything else."""
        talker = self.talker
        if talker is None or not self._is_pressed:
            return
        if kind == events.GRANTED:
            self._fire(talker, GRANT, now_ms)
        elif kind in (events.QUEUED, events.DENIED, events.REVOKED):
            self.talker = None
            self._is_pressed = False
            if kind == events.QUEUED:
                self._participant.release(now_ms)
            self._fire(talker, REFUSE, now_ms)
