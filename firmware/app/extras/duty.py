"""Off duty, only where `config.json` asks for it by `off_duty_after_s`: after a long rest the badge
switches radio and sound off and sleeps until pressed, and hears nobody. It wakes by a restart:
every peripheral is then set up the one proved way.
"""

import machine
from micropython import const

from ptt.base.clock import since
from ptt.base.compat import TYPE_CHECKING

from .. import log
from . import ignore

if TYPE_CHECKING:
    from ..handset import Handset

_NAP_MS = const(200)  # a press shorter than this may be slept through; longer saves little more


class Duty:
    """An extra of a badge that may go off duty."""

    def __init__(self, after_s: int, now_ms: int) -> None:
        self._after_ms = after_s * 1000
        self._busy_ms = now_ms  # when it last had something to do
        self._is_off = False
        self._pressed_ms = 0  # when a button had last moved, as it went off

    def step(self, handset: "Handset", now_ms: int) -> None:
        if self._is_off:
            if handset.pressed_ms != self._pressed_ms:  # however long ago that was
                log.write(now_ms, "on duty")
                machine.reset()
            machine.lightsleep(_NAP_MS)
        elif not handset.is_quiet():
            self._busy_ms = now_ms
        elif since(now_ms, self._busy_ms) >= self._after_ms:
            self._go_off(handset, now_ms)

    on_event = ignore

    def _go_off(self, handset: "Handset", now_ms: int) -> None:
        log.write(now_ms, "off duty")
        self._is_off = True
        self._pressed_ms = handset.pressed_ms
        handset.wifi.off()
        handset.speaker.close()
        if handset.microphone is not None:
            handset.microphone.close()
