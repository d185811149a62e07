"""Once a minute, while nobody talks: reports what a badge counts, tidies the heap, and keeps
settings that are new.
"""

import gc

from micropython import const

from ptt.base.clock import since
from ptt.base.compat import TYPE_CHECKING

from .. import log
from ..modules import forget
from . import ignore

if TYPE_CHECKING:
    from ..handset import Handset

_PERIOD_MS = const(60000)  # often enough to see a trend, rare enough for a log


class Health:
    """An extra of every badge. `value` of the log line: heap bytes free; sends dropped, and for
    want of memory; times the speaker starved, frames cut; pieces torn; times the codec did not
    answer; dBm."""

    def __init__(self, now_ms: int) -> None:
        self._told_ms = now_ms
        self._kept = b""  # settings

    def step(self, handset: "Handset", now_ms: int) -> None:
        if since(now_ms, self._told_ms) < _PERIOD_MS or not handset.is_quiet():
            return
        self._told_ms = now_ms
        gc.collect()
        radio = handset.radio
        speaker = handset.speaker
        torn = 0 if handset.microphone is None else handset.microphone.torn
        deaf = 0 if handset.port is None else handset.port.deaf
        heard = (radio.send_drops, radio.no_memory, speaker.starved, speaker.cut, torn, deaf)
        log.write(now_ms, "health", (gc.mem_free(), heard, handset.wifi.rssi()))
        told = handset.participant.settings.told
        if told == self._kept:
            return
        self._kept = told
        try:
            from hal.nvs import Nvs

            Nvs().set_blob("settings", told)
        except (OSError, MemoryError):  # until a leader is found, it starts with older ones then
            pass
        forget("hal.nvs")

    on_event = ignore
