"""How a badge saves power, only where `config.json` asks for it.

`sleep`: while nobody talks or listens its Wi-Fi sleeps from beacon to beacon, for about half the
current. The access point keeps what comes meanwhile: the first word of a burst is heard up to 103
ms later. From that word on, and from the press of the button, it is awake.

`off_duty_after_s`: after a long rest the badge switches radio and sound off and sleeps until
pressed, and hears nobody. It wakes by a restart: every peripheral is then set up the one proved
way.
"""

import machine
from micropython import const

from hal import power_save
from ptt.base.clock import age, since
from ptt.base.compat import TYPE_CHECKING

from .. import log
from . import ignore

if TYPE_CHECKING:
    from ..handset import Handset

_AWAKE_MS = const(5000)  # behind talk: most answers come within it, and wait for nothing
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


class Resting:
    """An extra of a badge that may save power."""

    def __init__(self, now_ms: int) -> None:
        self._busy_ms = now_ms  # when there was something to do last
        self._is_on = False  # power save

    def step(self, handset: "Handset", now_ms: int) -> None:
        if not handset.wifi.is_connected:
            self._is_on = False  # `hal.wifi` switches it off after each connect
            self._busy_ms = now_ms
            return
        if not handset.is_quiet():
            self._busy_ms = now_ms
        is_on = age(now_ms, self._busy_ms) >= _AWAKE_MS
        if is_on != self._is_on and power_save.switch(is_on):
            self._is_on = is_on

    on_event = ignore
