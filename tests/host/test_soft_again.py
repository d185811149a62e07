"""Who missed a burst hears it again at a soft badge, and never over somebody who talks."""

from __future__ import annotations

from array import array

import pytest

from pressel.soft.again import NONE_HEARD, NONE_KEPT, QUIET_FRAMES, Again
from ptt.base.numbers import FRAME_SAMPLES


def frame(level: int) -> array:
    return array("h", [level] * FRAME_SAMPLES)


def hear(again: Again, *levels: int) -> None:
    """One burst, and the silence behind it."""
    for level in levels:
        assert again.pass_on(frame(level), False) == frame(level)
    for _ in range(QUIET_FRAMES):
        assert again.pass_on(None, False) is None


def played(again: Again, frames: int) -> list[int]:
    """The first sample of what is heard in so many frames; silence is left out."""
    heard = [again.pass_on(None, False) for _ in range(frames)]
    return [each[0] for each in heard if each is not None and each[0]]


def test_the_last_bursts_are_heard_again_in_their_order() -> None:
    again = Again(60)
    for burst in ((1, 2), (3,), (4, 5, 6)):
        hear(again, *burst)
    assert again.begin(1) == "again the last burst, 0.1 s; it waits while somebody talks"
    assert played(again, 200) == [4, 5, 6]
    assert "the last 2 bursts" in again.begin(2)
    assert played(again, 200) == [3, 4, 5, 6]
    again.begin(9)
    assert played(again, 200) == [1, 2, 3, 4, 5, 6]  # what was heard again is not kept again


def test_who_talks_is_heard_and_the_replay_waits() -> None:
    again = Again(60)
    hear(again, 1, 2, 3)
    again.begin(1)
    assert played(again, 1) == [1]
    assert again.pass_on(frame(9), False) == frame(9)
    for _ in range(QUIET_FRAMES - 1):  # a gap in what somebody says
        assert again.pass_on(None, False) is None
    assert played(again, 200) == [2, 3]


def test_a_replay_waits_while_the_button_is_down() -> None:
    again = Again(60)
    hear(again, 1, 2)
    again.begin(1)
    assert [again.pass_on(None, True) for _ in range(50)] == [None] * 50
    assert played(again, 200) == [1, 2]


def test_it_keeps_no_more_than_it_was_told_to() -> None:
    again = Again(0.1)  # five frames
    hear(again, 1, 2, 3)
    hear(again, 4, 5, 6, 7)
    again.begin(9)
    assert played(again, 200) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(("seconds", "words"), [(0, NONE_KEPT), (60, NONE_HEARD)])
def test_nothing_to_hear_is_told(seconds: float, words: str) -> None:
    again = Again(seconds)
    assert again.begin(1) == words
    if not seconds:
        hear(again, 1, 2)
        assert again.begin(1) == words and played(again, 50) == []
