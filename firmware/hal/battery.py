"""The battery behind its divider: millivolts, smoothed, and what they mean, with hysteresis."""

from machine import ADC, Pin
from micropython import const

from ptt.base.clock import add, since

FULL = const(0)  # enough
LOW = const(1)  # charge it soon
EMPTY = const(2)  # it may end at any moment

_PERIOD_MS = const(2000)  # a battery has time, and a reading costs 100 us
_SMOOTH_SHIFT = const(3)  # the mean of about eight readings: the radio's bursts pull it down
_RISE_MV = const(60)  # so much above a limit before it counts as better: a cell recovers at rest


class Battery:
    """An ADC pin with the facts of `facts` (pin, scale_permille, empty_mv, low_mv, full_mv)."""

    def __init__(self, facts: dict) -> None:
        self._adc = ADC(Pin(facts["pin"]), atten=ADC.ATTN_11DB)
        self._scale_permille = facts["scale_permille"]
        self._empty_mv = facts["empty_mv"]
        self._low_mv = facts["low_mv"]
        self._full_mv = facts["full_mv"]
        self._sum = 0  # smoothed mV, times 2^_SMOOTH_SHIFT
        self._due_ms = -1  # -1: never read
        self.level = FULL

    @property
    def millivolts(self) -> int:
        return self._sum >> _SMOOTH_SHIFT

    @property
    def percent(self) -> int:
        """A straight line between empty and full: a guess that a person can read."""
        span = self._full_mv - self._empty_mv
        return min(100, max(0, (self.millivolts - self._empty_mv) * 100 // span))

    def poll(self, now_ms: int) -> bool:
        """Read when it is time; True when `level` has changed."""
        if self._due_ms >= 0 and since(now_ms, self._due_ms) < 0:
            return False
        reading_mv = self._adc.read_uv() // 1000 * self._scale_permille // 1000
        if self._due_ms < 0:
            self._sum = reading_mv << _SMOOTH_SHIFT
        else:
            self._sum += reading_mv - self.millivolts
        self._due_ms = add(now_ms, _PERIOD_MS)
        level = self._judge()
        if level == self.level:
            return False
        self.level = level
        return True

    def _judge(self) -> int:
        """Downwards at the limit, upwards only well above it."""
        now_mv = self.millivolts
        empty_mv = self._empty_mv + (_RISE_MV if self.level == EMPTY else 0)
        low_mv = self._low_mv + (_RISE_MV if self.level != FULL else 0)
        if now_mv <= empty_mv:
            return EMPTY
        return LOW if now_mv <= low_mv else FULL
