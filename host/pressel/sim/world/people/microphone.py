"""A node's microphone: one frame every 20 ms of its own crystal, handed over some time later.

It only runs while somebody wants its frames, which changes nothing that can be seen from outside.
"""

from __future__ import annotations

from typing import Any, Callable

from .. import record
from ..stage import Stage
from . import marker
from .person import FRAME_US, Person

DMA_BLOCK_US = 16_000  # 256 samples at 16 kHz: a block is handed over when it is full


class Microphone:
    """`give(pcm)` takes a frame and says whether more are wanted."""

    def __init__(
        self, stage: Stage, number: int, person: Person, drift_ppm: int, give: Callable[[Any], bool]
    ) -> None:
        self._stage = stage
        self._number = number
        self._person = person
        self._give = give
        self._frame_us = FRAME_US - FRAME_US * drift_ppm // 1_000_000
        self._phase_us = stage.prng.below(FRAME_US)
        self._late_us = stage.prng.below(DMA_BLOCK_US)
        self._is_running = False

    def run(self) -> None:
        """Hand over frames until nobody wants them; the next is the one being recorded, or one
        that waits for its block to fill."""
        if self._is_running:
            return
        self._is_running = True
        now_us = self._stage.loop.now_us
        since_us = now_us - self._phase_us - self._late_us
        index = since_us // self._frame_us + 1
        due_us = self._phase_us + self._late_us + index * self._frame_us
        self._stage.loop.at(due_us, self._tick)

    def stop(self) -> None:
        self._is_running = False

    def _tick(self, _: Any) -> None:
        if not self._is_running:
            return
        stage = self._stage
        end_us = stage.loop.now_us - self._late_us
        start_us = end_us - self._frame_us
        person = self._person
        if person.is_saying(start_us, end_us):
            number = person.next_frame()
            stage.note(record.SPOKEN, self._number, person.utterance, number, start_us)
            pcm = marker.spoken(self._number, person.utterance, number)
        else:
            pcm = marker.spoken(marker.SILENCE, 0, 0)
        if self._give(pcm):
            stage.loop.at(stage.loop.now_us + self._frame_us, self._tick)
        else:
            self._is_running = False
