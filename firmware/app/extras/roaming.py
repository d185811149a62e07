"""Walks from access point to access point: a table says when to look for a stronger one.

Roaming is break before make and looking costs two seconds of silence, so both happen only while
nobody talks or listens, and only when the signal has been weak for a while. A network that hides
its name is in no scan: after two that lack it, none is made while the badge stays on it.
"""

from micropython import const

from ptt.base.clock import add, age
from ptt.base.compat import TYPE_CHECKING
from ptt.base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules

from .. import log
from . import ignore

if TYPE_CHECKING:
    from ..handset import Handset

WEAK_DBM = const(-72)  # below it an ESP32 falls back to rates that cost others their airtime
STRONG_DBM = const(-67)  # five above: readings waver by three
BETTER_DB = const(8)  # the other must be this much stronger, or a badge would swing between two
_READ_MS = const(1000)  # walking takes a metre or so in that time
_WEAK_READINGS = const(4)  # a hand over the aerial is no walk
_HOLD_MS = const(15000)  # after looking in vain, or moving; doubles in vain
_HOLD_MS_MAX = const(240000)  # a badge in a bad corner looks every four minutes
_HIDDEN = const(2)  # scans without the network that it is on: one may miss it, two do not

STAYING = const(0)
WEAKENING = const(1)
WANTING = const(2)
HOLDING = const(3)
STATES = ("staying", "weakening", "wanting", "holding")

STRONG = const(0)
WEAK = const(1)
WEAK_FOR_LONG = const(2)
IN_VAIN = const(3)
MOVED = const(4)
HOLD_OVER = const(5)
TRIGGERS = ("strong", "weak", "weak for long", "looked in vain", "moved", "hold over")

RULES = (
    (STAYING, WEAK, WEAKENING, "count"),  # one reading says little
    (WEAKENING, WEAK, WEAKENING, "count"),
    (WEAKENING, STRONG, STAYING, ""),  # it was a hand
    (WEAKENING, WEAK_FOR_LONG, WANTING, ""),  # looks when nobody talks
    (WANTING, STRONG, STAYING, ""),  # walked back meanwhile
    (WANTING, IN_VAIN, HOLDING, "hold_longer"),  # nothing better: not again soon
    (WANTING, MOVED, HOLDING, "hold"),  # let the new one settle
    (HOLDING, HOLD_OVER, STAYING, ""),
)
_RULES = compile_rules(RULES)


class Roaming:
    """An extra of every badge."""

    def __init__(self) -> None:
        self.state = STAYING
        self._read_ms = -1  # of the last reading; -1: none yet
        self._count = 0  # weak readings in a row
        self._hold_ms = _HOLD_MS
        self._until_ms = 0
        self._lacking = 0  # scans in a row without our network

    def step(self, handset: "Handset", now_ms: int) -> None:
        wifi = handset.wifi
        if not wifi.is_connected:
            self._lacking = 0
            return
        if self._read_ms < 0 or age(now_ms, self._read_ms) >= _READ_MS:
            self.read(wifi.rssi(), now_ms)
        if self.state != WANTING or self._lacking >= _HIDDEN or not handset.is_quiet():
            return
        present_dbm = wifi.rssi()
        best_dbm, best = wifi.strongest()  # about 2 s in which nothing else happens
        self._lacking = self._lacking + 1 if best is None else 0
        is_better = self.found(present_dbm, best_dbm, now_ms)
        log.write(now_ms, "roam", (present_dbm, best_dbm, 1 if is_better else 0))
        if is_better and best is not None:
            wifi.move_to(best, now_ms)

    on_event = ignore

    def read(self, rssi_dbm: int, now_ms: int) -> None:
        """One reading of the present access point."""
        self._read_ms = now_ms
        # Time left is short; anything else is past, by days after a time without Wi-Fi.
        if self.state == HOLDING and not 0 < age(self._until_ms, now_ms) <= _HOLD_MS_MAX:
            self._fire(HOLD_OVER, now_ms)
        if rssi_dbm >= STRONG_DBM:
            self._count = 0
            self._fire(STRONG, now_ms)
        elif rssi_dbm <= WEAK_DBM:
            self._fire(WEAK, now_ms)
            if self._count >= _WEAK_READINGS:
                self._fire(WEAK_FOR_LONG, now_ms)

    def found(self, present_dbm: int, best_dbm: int, now_ms: int) -> bool:
        """Take the result of the scan; True when the badge is to move to the strongest."""
        is_better = best_dbm >= present_dbm + BETTER_DB
        self._fire(MOVED if is_better else IN_VAIN, now_ms)
        return is_better

    def _fire(self, trigger: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        if action == "count":
            self._count += 1
        elif action:
            is_move = action == "hold"
            held_ms = _HOLD_MS if is_move else self._hold_ms
            self._until_ms = add(now_ms, held_ms)
            self._hold_ms = held_ms if is_move else min(held_ms * 2, _HOLD_MS_MAX)
            self._count = 0
