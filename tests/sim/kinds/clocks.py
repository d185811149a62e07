"""Bugs that clocks bring to light which step or run too fast."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from tests.sim.kinds.bug import Bug, of
from tests.sim.kinds.came import Came
from tests.sim.kinds.deafness import badge_deafened_by, leader_deafened_by
from tests.sim.mutants import replaced

from ptt.badge.participant import Participant
from ptt.base.clock import since
from ptt.base.numbers import FRAME_MS
from ptt.leader.leader import Leader
from ptt.wire import messages, refusal, voice


def _backwards(owner: Any) -> Any:
    def sees(engine: Any, came: Came) -> bool:
        before_ms = came.memory.get("at", came.now_ms)
        came.memory["at"] = came.now_ms
        return since(came.now_ms, before_ms) < 0

    return sees


@of("clock stepped")
def a_badge_back_in_time() -> Any:
    """a badge whose clock goes back goes deaf"""
    return badge_deafened_by(_backwards(Participant))


@of("host clock stepped")
def a_leader_back_in_time() -> Any:
    """a leader whose clock goes back goes deaf"""
    return leader_deafened_by(_backwards(Leader))


@dataclass
class _Drift:
    """How far a clock and a row of frames go apart, a little each time."""

    begun_ms: int = 0
    last_ms: int = 0
    frames: int = 0
    is_even: bool = False

    def begin(self, now_ms: int) -> None:
        self.begun_ms = self.last_ms = now_ms
        self.frames = 0
        self.is_even = True

    def go_on(self, frames: int, now_ms: int) -> int:
        """Milliseconds apart; 0 when a step was uneven."""
        if abs(since(now_ms, self.last_ms) - frames * FRAME_MS) > 1:
            self.is_even = False
        self.last_ms = now_ms
        self.frames += frames
        return abs(since(now_ms, self.begun_ms) - self.frames * FRAME_MS) if self.is_even else 0


@of("clock slewed")
def a_badge_out_of_step() -> Any:
    """a badge whose clock and microphone go apart by 2 ms goes deaf"""
    original = Participant.write_microphone
    bug = Bug()

    def write(self: Participant, pcm: Any, now_ms: int) -> None:
        memory = bug.memory(self)
        drift = memory.setdefault("drift", _Drift())
        if not drift.is_even or since(now_ms, drift.last_ms) > 100:
            drift.begin(now_ms)
        elif bug.strikes(drift.go_on(1, now_ms) >= 2):
            memory["deaf"] = True
        original(self, pcm, now_ms)

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Participant, "write_microphone", write))
    stack.enter_context(badge_deafened_by(lambda badge, came: False))
    return stack


@of("host clock slewed")
def a_leader_out_of_step() -> Any:
    """a leader whose clock and a talker's frames go apart by 3 ms goes deaf"""

    def sees(leader: Leader, came: Came) -> bool:
        if came.reason != refusal.ACCEPTED or came.kind != messages.VOICE_FRAME:
            return False
        drift = came.memory.setdefault("drift", _Drift())
        lease, first = voice.lease(came.data), voice.first(came.data)
        if came.memory.get("lease") != lease or first < 50:  # what was kept comes faster
            came.memory["lease"], came.memory["first"] = lease, first
            drift.begin(came.now_ms)
            return False
        frames = first - came.memory["first"]
        came.memory["first"] = first
        return drift.go_on(frames, came.now_ms) >= 3

    return leader_deafened_by(sees)
