"""Tells the leader now and then how the badge fares. Once a minute, while nobody talks: writes
what it counts to the log, tidies the heap, and keeps settings and hosts that are new.
"""

import gc

from micropython import const

from hal.wifi import NO_RSSI
from ptt.base.clock import age, since
from ptt.base.compat import TYPE_CHECKING
from ptt.wire import messages

from .. import log
from ..modules import forget
from . import ignore

if TYPE_CHECKING:
    from ..handset import Handset

_PERIOD_MS = const(60000)  # often enough to see a trend, rare enough for a log
_REPORT_MS = const(10000)  # 100 badges then take 0.3 % of a channel; who walks is seen on the way
_NO_BATTERY = const(0xFF)
_HOSTS = const(2)  # beside the one that is configured; a blob takes no more
_ALL = const(0xFFFF)


class Health:
    """An extra of every badge: `starts` so far (0: its storage takes no write), the last one for
    `cause`. `value` of the log line:
    heap bytes free; sends dropped, and for want of memory; times the speaker starved, frames cut;
    pieces torn; times the codec did not answer; dBm."""

    def __init__(self, starts: int, cause: int, now_ms: int) -> None:
        self._starts = starts
        self._cause = cause
        self._told_ms = now_ms
        self._kept = b"", b""  # settings, hosts
        self._sent_ms = now_ms
        self._looked_ms = now_ms
        self._stall_ms = 0
        self._free = _ALL  # units of 16 bytes

    def step(self, handset: "Handset", now_ms: int) -> None:
        wifi = handset.wifi
        self._stall_ms = max(self._stall_ms, age(now_ms, self._looked_ms))
        self._looked_ms = now_ms
        if since(now_ms, self._sent_ms) >= _REPORT_MS:
            self._sent_ms = now_ms
            participant = handset.participant
            values = (
                max(0, min(-wifi.rssi(), -NO_RSSI)),
                wifi.access_point,
                wifi.channel,
                _NO_BATTERY if handset.battery is None else handset.battery.percent,
                self._starts,
                self._cause,
                self._free,
                min(self._stall_ms, _ALL),
                wifi.joins & _ALL,
                participant.playout.path.delay_ms,
                min(participant.membership.round_trip_ms, _ALL),
                participant.membership.unanswered & _ALL,
            )
            self._stall_ms = 0
            participant.send(messages.BADGE_REPORT, values, participant.link.address, now_ms)
        if since(now_ms, self._told_ms) < _PERIOD_MS or not handset.is_quiet():
            return
        self._told_ms = now_ms
        gc.collect()
        free = gc.mem_free()
        self._free = min(self._free, free >> 4)
        radio = handset.radio
        speaker = handset.speaker
        torn = 0 if handset.microphone is None else handset.microphone.torn
        deaf = 0 if handset.port is None else handset.port.deaf
        heard = (radio.send_drops, radio.no_memory, speaker.starved, speaker.cut, torn, deaf)
        log.write(now_ms, "health", (free, heard, wifi.rssi()))
        known = handset.participant.membership.hosts()[1 : 1 + _HOSTS]
        hosts = " ".join(["%s:%d" % each for each in known]).encode()
        kept = handset.participant.settings.sure, hosts
        if kept == self._kept:
            return
        self._kept = kept
        try:
            from hal.nvs import Nvs

            nvs = Nvs()
            nvs.set_blob("settings", kept[0])
            if hosts:
                nvs.set_blob("hosts", hosts)
        except OSError:  # until a leader is found, it starts with older ones then
            self._starts = 0
        except MemoryError:
            pass
        forget("hal.nvs")

    on_event = ignore
