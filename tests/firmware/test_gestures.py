"""Gestures of the side button: what a thumb does, and what that says."""

from __future__ import annotations

import pytest
from tests.firmware.conftest import Load

DOWN, UP = 1, 2

# (ms, what the button says) and what is understood, with the time of it.
SITUATIONS = {
    "one click is a look": ([(0, DOWN), (100, UP)], [(400, "look")]),
    "a double click": ([(0, DOWN), (100, UP), (250, DOWN), (350, UP)], [(250, "change_group")]),
    "two slow clicks": (
        [(0, DOWN), (100, UP), (700, DOWN), (800, UP)],
        [(400, "look"), (1100, "look")],
    ),
    "held": ([(0, DOWN), (3000, UP)], [(1500, "emergency"), (3000, "let_go")]),
    "held for long says it once": (
        [(0, DOWN), (20_000, UP)],
        [(1500, "emergency"), (20_000, "let_go")],
    ),
    "almost held": ([(0, DOWN), (1490, UP)], [(1500, "look")]),
    "clicked, then held": (
        [(0, DOWN), (100, UP), (200, DOWN), (2500, UP)],
        [(200, "change_group"), (1700, "emergency"), (2500, "let_go")],
    ),
    "held twice": (
        [(0, DOWN), (2000, UP), (3000, DOWN), (5000, UP)],
        [(1500, "emergency"), (2000, "let_go"), (4500, "emergency"), (5000, "let_go")],
    ),
    "three clicks": (
        [(0, DOWN), (50, UP), (150, DOWN), (200, UP), (300, DOWN), (350, UP)],
        [(150, "change_group"), (700, "look")],
    ),
}


@pytest.mark.parametrize("start_ms", [0, 0x40000000 - 800])
@pytest.mark.parametrize("name", SITUATIONS)
def test_gestures(firmware: Load, name: str, start_ms: int) -> None:
    gestures = firmware("app.extras.gestures")
    made = gestures.Gestures()
    moments, understood = SITUATIONS[name]
    changes = dict(moments)
    said = []
    for ms in range(0, moments[-1][0] + 2000, 10):
        gesture = made.poll(changes.get(ms, 0), (start_ms + ms) & 0x3FFFFFFF)
        if gesture:
            said.append((ms, gestures.NAMES[gesture]))
    assert said == understood
    assert made.state == gestures.IDLE
