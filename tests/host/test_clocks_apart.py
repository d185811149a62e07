"""Half an hour of speech whose talker's clock differs from its listener's."""

from __future__ import annotations

import pytest
from tests.shared.test_playout import TALKER, Listener

from ptt.base.clock import add
from ptt.base.numbers import FRAME_MS

PPM = 200  # two crystals of 100 ppm, one too fast and one too slow
MINUTE = 60_000 // FRAME_MS  # in frames
WAITING_MAX = 6  # frames between network and speaker
SPARE = 2  # frames made up until the path is known


@pytest.mark.parametrize(
    "minutes", [1, pytest.param(30, marks=pytest.mark.proof)], ids=lambda minutes: f"{minutes} min"
)
@pytest.mark.parametrize("ppm", [-PPM, PPM])
def test_a_listener_keeps_pace_with_one_burst_that_does_not_end(ppm: int, minutes: int) -> None:
    """It has a pause every two seconds. A slow talker's missing frames are made up, and no others;
    a fast one's surplus is left out in pauses. Nothing piles up, and nothing is dropped."""
    listener = Listener()
    due_us = listener.now_ms * 1000
    number = most = 0
    for _ in range(minutes * MINUTE):
        while due_us <= listener.now_ms * 1000:
            step = 60 if number % 100 < 90 else 0
            data = bytes([0, number & 127, step, 0]) + bytes(160)
            listener.playout.insert(1, TALKER, number, False, data, 0, listener.now_ms)
            number += 1
            due_us += FRAME_MS * 1000 - FRAME_MS * ppm // 1000
        listener.playout.read(listener.now_ms)
        listener.now_ms = add(listener.now_ms, FRAME_MS)
        most = max(most, listener.playout.current.waiting)
    current = listener.playout.current
    slipped = minutes * MINUTE * abs(ppm) // 1_000_000
    assert most <= WAITING_MAX and current.dropped == 0
    assert current.concealed <= SPARE + (slipped if ppm < 0 else 0)
    if ppm > 0:
        assert listener.playout.skipped >= slipped - WAITING_MAX
