"""Changes the badge's Wi-Fi network when its leader says so, and back when that was wrong.

The new one is on trial (`ptt.badge.networks`) and is kept on flash once that has passed. A network
that is gone for good leaves the badge with the other one that it knows.
"""

from binascii import crc32

from micropython import const

from ptt.badge.networks import STAYING, TRYING, WANTING, Networks
from ptt.base.clock import age
from ptt.base.compat import TYPE_CHECKING
from ptt.wire.envelope import get32, put32

from .. import log
from ..modules import forget
from . import ignore

if TYPE_CHECKING:
    from ptt.badge.networks import Network
    from ptt.badge.participant import Participant

    from ..handset import Handset

FLASHED = (0, b"", b"")
_LEAVE_MS = const(1000)  # after the word of it: the answer, and its repetition, are gone by then
_GONE_MS = const(120000)  # an access point has started again by then
_SSID_AT = const(9)  # behind the mark of the flashing, the number and the name's length


class WifiChange:
    """An extra. `flashed`: name and password that the badge was flashed with; `kept`: what lies on
    flash."""

    def __init__(
        self, participant: "Participant", flashed: "tuple[str, str]", kept: bytes, now_ms: int
    ) -> None:
        self._flashed = flashed
        self._mark = crc32("\n".join(flashed).encode()) & 0x3FFFFFFF
        network = self._read(kept)
        self.room = Networks(participant, network, FLASHED)
        participant.take_room(self.room)
        self._used = self._kept = network
        self._here_ms = now_ms  # when the network was there last, or was changed

    def first(self) -> "tuple[str, str]":
        """Name and password to begin with."""
        return self._words(self._used)

    def step(self, handset: "Handset", now_ms: int) -> None:
        room = self.room
        wifi = handset.wifi
        if room.state == WANTING and age(now_ms, room.since_ms) >= _LEAVE_MS and handset.is_quiet():
            room.begin(now_ms)
        if wifi.is_connected or room.state == TRYING:
            self._here_ms = now_ms
        elif age(now_ms, self._here_ms) >= _GONE_MS:
            self._here_ms = now_ms
            room.fall_back()
        used = room.used
        if used is not self._used:
            self._used = used
            log.write(now_ms, "network", (used[0], room.state))
            ssid, password = self._words(used)
            wifi.change(ssid, password, now_ms)
        elif room.state == STAYING and used is not self._kept and wifi.is_connected:
            self._keep(used)

    on_event = ignore

    def _words(self, network: "Network") -> "tuple[str, str]":
        return (network[1].decode(), network[2].decode()) if network[0] else self._flashed

    def _keep(self, network: "Network") -> None:
        """Over a restart. Without memory, or flash, it starts in the one before, and is told."""
        self._kept = network
        data = bytearray(_SSID_AT)
        put32(data, 0, self._mark)
        put32(data, 4, network[0])
        data[8] = len(network[1])
        try:
            from hal.nvs import Nvs

            Nvs().set_blob("network", bytes(data) + network[1] + network[2])
        except (OSError, MemoryError):
            pass
        forget("hal.nvs")

    def _read(self, kept: bytes) -> "Network":
        """What was kept, unless the badge was flashed for another network meanwhile."""
        if len(kept) <= _SSID_AT or get32(kept, 0) != self._mark:
            return FLASHED
        end = _SSID_AT + kept[8]
        return (get32(kept, 4), kept[_SSID_AT:end], kept[end:])
