"""A new release on trial: good once the badge has been joined for a while. Loaded only for that.

Until then a crash, or a number of starts, brings the former release back (`main.py` counts them).
"""

import machine
from micropython import const

from hal.nvs import Nvs
from hal.store import Store
from ptt.badge.join import JOINED
from ptt.base.clock import since
from ptt.base.compat import TYPE_CHECKING

from .. import log

if TYPE_CHECKING:
    from ..handset import Handset

STARTS = const(3)  # a battery may run out once or twice meanwhile
_CONFIRM_MS = const(60_000)  # joined this long: as long as a crash counts as an early one
_GIVE_UP_MS = const(600_000)  # not joined by then: the next start; leaders restart faster


class Trial:
    """What `updates` steps until the trial is over."""

    def __init__(self, now_ms: int) -> None:
        self._begun_ms = now_ms
        self._joined_ms = -1  # since when without a break; -1: not joined

    def step(self, handset: "Handset", now_ms: int) -> bool:
        """True when the release has passed its trial."""
        if handset.participant.join.state != JOINED:
            self._joined_ms = -1
            if since(now_ms, self._begun_ms) >= _GIVE_UP_MS:
                log.write(now_ms, "trial restarts")
                machine.reset()
        elif self._joined_ms < 0:
            self._joined_ms = now_ms
        elif since(now_ms, self._joined_ms) >= _CONFIRM_MS and handset.is_quiet():
            confirm(Nvs(), Store())
            log.write(now_ms, "trial passed")
            return True
        return False


def confirm(nvs: "Nvs", store: "Store") -> None:
    """The running release stays: older ones are refused from now on."""
    boot = store.load("boot")
    nvs.set_number("release", boot["release"])  # first: cut in between, the trial just goes on
    boot["former"] = boot["slot"]  # the other slot is free to be written
    boot["left"] = -1
    store.save("boot", boot)


def begin(store: "Store", slot: str, release: int) -> None:
    """The next start runs `slot`: the rename in here completes the update."""
    former = store.load("boot").get("slot", "a")
    record = {"slot": slot, "former": former, "left": STARTS, "release": release, "failed": 0}
    store.save("boot", record)


def fail(store: "Store") -> None:
    """The running release has crashed: if it is on trial, the next start is the former one's."""
    boot = store.load("boot")
    if boot.get("left", -1) > 0:
        boot["left"] = 0
        store.save("boot", boot)
