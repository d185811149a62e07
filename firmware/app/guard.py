"""Keeps a badge alive: an exception is recorded and leads to a restart, a hang to the watchdog's
reset.

The watchdog is fed here and nowhere else, after a whole step: a loop that turns without doing its
work is not fed. `run` is the badge's main loop; the virtual badge steps the handset itself.
"""

import gc
import time

import machine
from micropython import const

from hal import clock
from hal.console import turns
from hal.store import Store
from ptt.base.clock import age
from ptt.base.compat import TYPE_CHECKING

from . import log

if TYPE_CHECKING:
    from .handset import Handset

_WATCHDOG_MS = const(10_000)  # four times the longest step, a scan of the air
_CONSOLE_WATCHDOG_MS = const(600_000)  # it cannot be stopped: time for somebody at the console
_EARLY_MS = const(60_000)  # a crash so soon after the start may come again at once
_WAIT_MS = const(1000)  # for the last words on the serial port
_EARLY_WAIT_MS = const(8000)  # does not wear the flash out; below the watchdog's time


def run() -> None:
    """Step for ever, asleep in between until a datagram comes or the time is up."""
    try:
        guarded = start()
        for now_ms in turns():
            guarded.radio.wait(guarded.step(now_ms))
    except KeyboardInterrupt:  # somebody is there
        machine.WDT(timeout=_CONSOLE_WATCHDOG_MS)
        raise


def start() -> "Guard":
    """The handset under guard. A failure here, such as a damaged file, leads to a restart, too."""
    now_ms = clock.now_ms()
    try:
        from . import boot  # which goes again when it is done

        return Guard(boot.build(), machine.WDT(timeout=_WATCHDOG_MS), now_ms)
    except Exception as error:
        end(error, now_ms, 0)
        raise


class Guard:
    """Steps `handset` and feeds `watchdog` (None: there is none)."""

    def __init__(self, handset: "Handset", watchdog: "machine.WDT | None", now_ms: int) -> None:
        self.radio = handset.radio
        self._handset = handset
        self._watchdog = watchdog
        self._begun_ms = now_ms

    def step(self, now_ms: int) -> int:
        """As the handset's; does not return when that fails."""
        try:
            sleep_ms = self._handset.step(now_ms)
        except Exception as error:
            end(error, now_ms, age(now_ms, self._begun_ms))
            raise  # the restart has failed: the watchdog will not
        if self._watchdog is not None:
            self._watchdog.feed()
        return sleep_ms


def end(error: BaseException, now_ms: int, uptime_ms: int) -> None:
    """Write the crash down and restart after a while; whatever fails here, it restarts."""
    gc.collect()
    try:
        from . import crashes

        text = crashes.traceback(error)
        log.write(now_ms, "crash", text)
        crashes.keep(Store(), uptime_ms, text)
        from .extras.trial import fail

        fail(Store())
    except Exception:  # no memory, no flash: a badge that restarts is worth more
        pass
    time.sleep_ms(_EARLY_WAIT_MS if uptime_ms < _EARLY_MS else _WAIT_MS)
    machine.reset()
