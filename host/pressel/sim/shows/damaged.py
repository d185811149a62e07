"""Phase 1: what is damaged, or no message at all, is refused, and everybody goes on talking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pressel.sim.world import record
from pressel.sim.world.world import World
from ptt.wire import refusal

from .show import Act, Played, Promise, Show, Tell, at_most, flood, talk, unbroken

_CORRUPT_PPM = 20_000  # one in 50: far above what gets past a radio's own check
_LOSS_MOST = 0.08  # what is damaged is lost, on its way up or down: 4 %, and chance in so few
_TOLD_EVERY_US = 2_000_000


class Refusals:
    """Counts what engines refused, by reason, and tells it now and then."""

    def __init__(self, world: World, tell: Tell) -> None:
        self.by_reason: Counter[str] = Counter()
        self._world = world
        self._tell = tell
        world.record.watch(record.REFUSED, self._on_refused)
        world.loop.at(_TOLD_EVERY_US, self._say)

    def _on_refused(self, now_us: int, node: int, reason: int, b: int, detail: Any) -> None:
        self.by_reason[refusal.NAMES[reason]] += 1

    def _say(self, _: object) -> None:
        if self.by_reason:
            found = ", ".join(f"{count} {name}" for name, count in self.by_reason.most_common())
            self._tell(f"refused so far: {found}")
        self._world.loop.at(self._world.loop.now_us + _TOLD_EVERY_US, self._say)


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    found = act.guest.by_reason
    return [
        Promise(found["crc"] > 20, f"{found['crc']} damaged datagrams were refused"),
        Promise(
            sum(found.values()) > found["crc"],
            f"{sum(found.values()) - found['crc']} datagrams that are none of ours were refused",
        ),
        at_most("frames that were not heard", act.figure("frame_loss"), _LOSS_MOST, "of 1"),
        unbroken(played),
    ]


SHOW = Show(
    "damaged",
    "1",
    "Damaged datagrams and junk",
    "What is refused, and why; and that every burst is heard by all.",
    (
        Act(
            "Six badges. One datagram in 50 comes with a flipped bit, and a stranger sends junk.",
            participants=6,
            seconds=20,
            path={"corrupt_ppm": _CORRUPT_PPM},
            steps=(
                talk(5, 1, 4), flood(6, 2, 30), flood(7, 0, 200), talk(10, 4, 4),
                flood(11, 4, 30), talk(15, 6, 3),
            ),
            guest=Refusals,
        ),
    ),
    judge,
)  # fmt: skip
