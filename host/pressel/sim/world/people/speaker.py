"""A node's speaker: asks for a frame whenever its queue is short, as the badge's driver does.

The figures are those of firmware/hal/speaker.py; what is queued sounds one DMA block later.
"""

from __future__ import annotations

from typing import Any, Callable

from ptt.base.numbers import FRAME_SAMPLES, RATE_HZ

from .. import record
from ..stage import Stage
from . import marker
from .microphone import DMA_BLOCK_US
from .person import FRAME_US

_LEAD_US = 30_000  # as _LEAD_MS of the driver
_LOOK_US = 1_000  # it is woken in whole milliseconds
_SECOND_US = 1_000_000
_STEP_US = 5_000  # half of _TICK_MS of the handset: so late, on average, it begins


class Speaker:
    """`read()` gives the next frame or None; `is_expecting()` says whether one may come soon, and
    `held()` how many samples of what was read before still come first; None: never any."""

    def __init__(
        self,
        stage: Stage,
        number: int,
        drift_ppm: int,
        read: Callable[[], Any],
        is_expecting: Callable[[], bool],
        held: Callable[[], int] | None = None,
    ) -> None:
        self._loop, self._note = stage.loop, stage.note
        self._number = number
        self._read = read
        self._is_expecting = is_expecting
        self._held = held
        self._frame_us = FRAME_US - FRAME_US * drift_ppm // 1_000_000
        self._is_running = False
        self._is_playing = False
        self._end_us = 0  # when its queue runs dry, as the driver reckons
        self._dry_us = 0  # when it really does: the driver forgets what is queued when it rests

    def run(self) -> None:
        """Voice has come: begin to look, if not looking already."""
        if not self._is_running:
            self._is_running = True
            self._loop.at(self._loop.now_us, self._tick)

    def stop(self) -> None:
        self._is_running = False
        self._is_playing = False

    def _tick(self, _: Any) -> None:
        if not self._is_running:
            return
        loop = self._loop
        now_us = loop.now_us
        self._ask(now_us)
        if self._is_playing and self._end_us - now_us < _LEAD_US:  # at the beginning
            self._fill(now_us)
        if self._is_playing:
            loop.at((self._end_us - _LEAD_US) // _LOOK_US * _LOOK_US + _LOOK_US, self._tick)
        elif self._is_expecting():
            loop.at(now_us + _STEP_US, self._tick)
        else:
            self._is_running = False

    def _fill(self, now_us: int) -> None:
        """Apart from `_tick`, which asks for one frame: PyPy compiles a loop apart, and a call of
        it costs more than what it does once."""
        while self._is_playing and self._end_us - now_us < _LEAD_US:
            self._ask(now_us)

    def _ask(self, now_us: int) -> None:
        """Ask for a frame if the queue has room for it."""
        if self._is_playing and self._end_us - now_us >= _LEAD_US:
            return
        coder, ask_held = marker.CODER, self._held
        coder.heard = coder.before = -1
        held = 0 if ask_held is None else ask_held()
        if self._read() is None:
            self._is_playing = False
            return
        if not self._is_playing or self._end_us < now_us:
            self._is_playing = True
            self._end_us = now_us
        begin_us = max(now_us, self._dry_us)
        self._dry_us = begin_us + self._frame_us
        delay_us = begin_us - now_us + DMA_BLOCK_US
        self._end_us += self._frame_us
        if coder.heard >= 0:
            if coder.before >= 0:
                self._note_played(coder.before, delay_us + held * _SECOND_US // RATE_HZ)
            if ask_held is not None:
                delay_us += ask_held() * _SECOND_US // RATE_HZ
            self._note_played(coder.heard, delay_us)
        elif held < FRAME_SAMPLES:
            self._note(record.CONCEALED, self._number, 0, delay_us)

    def _note_played(self, frame: int, delay_us: int) -> None:
        """`frame` begins to sound so long from now. Of two frames that were read at once, a part of
        the first was left out, and the second begins behind it."""
        if marker.talker_of(frame) != marker.SILENCE:
            self._note(record.PLAYED, self._number, frame, delay_us)
