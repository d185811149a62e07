"""Walks from access point to access point: does what `roam` decides, between bursts."""

from ptt.base.compat import TYPE_CHECKING

from . import log
from .roam import WANTING, Roam

if TYPE_CHECKING:
    from .handset import Handset


class Roaming:
    """An extra of every badge."""

    def __init__(self) -> None:
        self._roam = Roam()

    def step(self, handset: "Handset", now_ms: int) -> None:
        roam = self._roam
        wifi = handset.wifi
        if wifi.is_connected and roam.wants_reading(now_ms):
            roam.read(wifi.rssi(), now_ms)
        if roam.state != WANTING or not roam.wants_look(wifi.is_connected and handset.is_quiet()):
            return
        present_dbm = wifi.rssi()
        best_dbm, best = wifi.strongest()  # about 2 s in which nothing else happens
        is_moving = roam.found(present_dbm, best_dbm, now_ms)
        log.write(now_ms, "roam", (present_dbm, best_dbm, 1 if is_moving else 0))
        if is_moving and best is not None:
            wifi.move_to(best, now_ms)
