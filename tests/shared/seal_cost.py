"""What tags and cipher cost a badge: the same voice through plain and through secure engines.

Runs on MicroPython, by `python -m tests.shared.seal_cost` from CPython: a talker and a listener,
their leader apart, whose time is not counted. Prints microseconds a frame.
"""

import gc
import time as _time

from tests.shared.venue import FRAME_MS, Venue

from ptt.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

clock: "Any" = _time  # MicroPython's, whose ticks CPython has not
_WARM_MS = 2000


class Watched(Venue):
    """Adds up how long badge `spent` took for its steps."""

    spent_us = 0
    which = -1

    def take_prints(self, data, talker):
        """Not the badge's work."""

    def step(self, badge):
        begun = clock.ticks_us()
        super().step(badge)
        if badge.index == self.which:
            self.spent_us += clock.ticks_diff(clock.ticks_us(), begun)

    def hand_over(self, badge, data, source):
        begun = clock.ticks_us()
        super().hand_over(badge, data, source)
        if badge.index == self.which:
            self.spent_us += clock.ticks_diff(clock.ticks_us(), begun)


def cost_us(which, is_clear, frames):
    """Of one frame, at the talker (badge 0) or at a listener (badge 1)."""
    venue = Watched(2, seed=3, is_clear=is_clear)
    venue.run(_WARM_MS)
    venue.press("A")
    venue.run(500)
    gc.collect()
    venue.which = which
    venue.run(frames * FRAME_MS)
    return venue.spent_us / frames


def main(frames):
    for which, who in ((0, "talker"), (1, "listener")):
        clear = min([cost_us(which, True, frames) for _ in range(3)])
        sealed = min([cost_us(which, False, frames) for _ in range(3)])
        share = 100 * (sealed - clear) / sealed
        print("%s: %d us plain, %d us sealed a frame: %.1f %%" % (who, clear, sealed, share))


if __name__ == "__main__":
    import sys

    if sys.implementation.name == "micropython":
        main(400)
    else:
        from pathlib import Path

        from pressel.virtual.micropython import run_script

        print(run_script(Path(__file__), heap_bytes=8 << 20, limit_s=600).decode(), end="")
