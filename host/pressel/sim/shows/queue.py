"""Phase 3: many press; one talks, the others wait in order, and an emergency goes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pressel.sim.world import record
from pressel.sim.world.world import World
from ptt.wire.messages import LANE_EMERGENCY, LANE_PRIORITY

from .show import Act, Played, Promise, Show, Tell, talk, unbroken

_WANTED = (1, 5, 4, 2, 3)  # who talks after whom: B5's emergency cuts B1 off, who lets go


class Order:
    """Who got the floor, one after the other."""

    def __init__(self, world: World, tell: Tell) -> None:
        self.talkers: list[int] = []
        world.record.watch(record.TALKING, self._on_talking)

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        if is_talking:
            self.talkers.append(node)


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    got = tuple(act.guest.talkers)
    order = ", ".join(f"B{node}" for node in got)
    both_ms = act.figure("double_talk_ms")
    return [
        Promise(got == _WANTED, f"emergency first, then priority, then who came first: {order}"),
        Promise(both_ms == 0, f"time in which anybody heard two voices: {both_ms:g} ms"),
        unbroken(played),
    ]


SHOW = Show(
    "queue",
    "3",
    "Five want to talk at once",
    "One talks at a time. B4 presses with priority, B5 in an emergency: B1 is interrupted, and "
    "B4 goes before B2 and B3, who pressed earlier.",
    (
        Act(
            "A leader and eight badges.",
            participants=8,
            seconds=26,
            steps=(
                talk(5, 1, 4), talk(5.4, 2, 2), talk(5.8, 3, 2), talk(6.2, 4, 2, LANE_PRIORITY),
                talk(6.6, 5, 2, LANE_EMERGENCY),
            ),
            guest=Order,
        ),
    ),
    judge,
)  # fmt: skip
