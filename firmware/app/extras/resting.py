"""Power save: while nobody talks or listens the badge's Wi-Fi sleeps from beacon to beacon, for
about half the current. The access point keeps what comes meanwhile: the first word of a burst is
heard up to 103 ms later. From that word on, and from the press of the button, it is awake.

`sleep` of `config.json` asks for it. A badge with room does what its leader says instead, where it
says anything (`power.power_save`); another has this only where it is asked for.
"""

from micropython import const

from hal import power_save
from ptt.base import features
from ptt.base.clock import age
from ptt.base.compat import TYPE_CHECKING
from ptt.base.defaults import AT_POWER_SAVE

from . import ignore

if TYPE_CHECKING:
    from ..handset import Handset

_AWAKE_MS = const(5000)  # behind talk: most answers come within it, and wait for nothing
_OFF = const(1)  # what the leader says; 0: nothing


class Resting:
    """An extra of a badge that may save power; `is_flashed`: as config.json says."""

    def __init__(self, is_flashed: bool, now_ms: int) -> None:
        self._is_flashed = is_flashed
        self._busy_ms = now_ms  # when there was something to do last
        self._is_on = False  # power save

    def step(self, handset: "Handset", now_ms: int) -> None:
        if not handset.wifi.is_connected:
            self._is_on = False  # `hal.wifi` switches it off after each connect
            self._busy_ms = now_ms
            return
        is_wanted = self._is_flashed
        if features.HAS_SMOOTH_PLAYOUT:
            told = handset.participant.settings.fields[AT_POWER_SAVE]
            if told:
                is_wanted = told != _OFF
        if not handset.is_quiet():
            self._busy_ms = now_ms
        is_on = is_wanted and age(now_ms, self._busy_ms) >= _AWAKE_MS
        if is_on != self._is_on and power_save.switch(is_on):
            self._is_on = is_on

    on_event = ignore
