"""Warns of a low battery. It never refuses to talk: speech is worth more than the charge."""

from micropython import const

from hal.battery import EMPTY, FULL
from ptt.badge import indications
from ptt.base.clock import age
from ptt.base.compat import TYPE_CHECKING

from .. import log
from . import ignore

if TYPE_CHECKING:
    from hal.battery import Battery

    from ..handset import Handset

_LOW_WARNING_MS = const(300_000)  # an hour or so is left: a reminder
_EMPTY_WARNING_MS = const(30_000)  # minutes are left: nobody may miss it


class Charge:
    """An extra of a badge that measures its battery."""

    def __init__(self, battery: "Battery") -> None:
        self._battery = battery
        self._warned_ms = 0
        self._is_due = False

    def step(self, handset: "Handset", now_ms: int) -> None:
        battery = self._battery
        if battery.poll(now_ms):
            handset.is_battery_low = battery.level != FULL
            self._is_due = battery.level != FULL
            value = (battery.level, battery.millivolts, battery.percent)
            log.write(now_ms, "battery", value)
        if battery.level == FULL:
            return
        period_ms = _EMPTY_WARNING_MS if battery.level == EMPTY else _LOW_WARNING_MS
        if age(now_ms, self._warned_ms) >= period_ms:
            self._is_due = True
        if self._is_due and handset.is_quiet():
            self._is_due = False
            self._warned_ms = now_ms
            handset.notice(indications.TONE_LOW_BATTERY, 0, now_ms)

    on_event = ignore
