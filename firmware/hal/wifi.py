"""The Wi-Fi station: joins the venue's network and stays on it, awake.

The driver joins again by itself after a short loss. When that does not help, it is told to start
over, less and less often, with the strongest access point: left to itself it takes the first that
it hears. A network that hides its name is in no scan, and joined as the driver likes. When to move
is decided elsewhere (`app.extras.roaming`).

A call of the driver raises OSError; RuntimeError where the port has no words for what is wrong,
such as too little memory ("Wifi Unknown Error 0x0101"); MemoryError when very many are heard. The
badge tries again, whichever it is: `except Exception` is for that, around nothing but such calls.
"""

import network
from micropython import const

from ptt.base import features
from ptt.base.clock import add, since

_CHECK_MS = const(500)  # how soon a lost network is noticed
_RETRY_MS = const(8000)  # a join with its address takes 2 to 5 s; then it has failed
_RETRY_MS_MAX = const(60000)  # doubling stops here: a venue that is switched on is joined soon
NO_RSSI = const(-128)  # dBm, when not connected


class Wifi:
    """Joins network `ssid` with `password`."""

    def __init__(self, ssid: str, password: str) -> None:
        self._ssid = ssid
        self._password = password
        self._wlan = network.WLAN(network.STA_IF)
        self._wlan.active(True)
        self.is_connected = False
        self.joins = 0  # times that joining was begun
        self.access_point = 0  # last two bytes of its address; 0: the driver has chosen it
        self.channel = 0  # of the last one
        self._check_ms = 0
        self._retry_ms = _RETRY_MS
        self._give_up_ms = 0
        self._is_started = False
        self._is_off = False

    def poll(self, now_ms: int) -> bool:
        """Look after the connection; True when it has come or gone since the last call."""
        if self._is_off:
            return False
        if not self._is_started:
            self._is_started = True
            self._check_ms = now_ms
            self._join(self.strongest()[1], now_ms, True)
        if since(now_ms, self._check_ms) < 0:
            return False
        self._check_ms = add(now_ms, _CHECK_MS)
        is_connected = self._wlan.isconnected()
        if is_connected == self.is_connected:
            if not is_connected and since(now_ms, self._give_up_ms) >= 0:
                self._retry_ms = min(self._retry_ms * 2, _RETRY_MS_MAX)
                self._join(self.strongest()[1], now_ms)
            return False
        self.is_connected = is_connected
        if is_connected:
            # Power save is on after every connect and would hold voice back by 100s of ms.
            try:
                self._wlan.config(pm=self._wlan.PM_NONE)
                self.channel = self._wlan.config("channel")
            except Exception:  # lost again meanwhile; the next look tells
                self.is_connected = False
                return False
        else:
            self._retry_ms = _RETRY_MS
            self._give_up_ms = add(now_ms, _RETRY_MS)
        return True

    def rssi(self) -> int:
        """How strong the access point is heard, dBm; `NO_RSSI` when there is none."""
        if not self.is_connected:
            return NO_RSSI
        try:
            return self._wlan.status("rssi")
        except Exception:  # just lost
            return NO_RSSI

    def strongest(self) -> "tuple[int, bytes | None]":
        """The (dBm, address) of our network's strongest access point; waits for about 2 s."""
        best_dbm, best = NO_RSSI, None
        try:
            found = self._wlan.scan()
        except Exception:  # it joins or scans already; or too many are heard
            return NO_RSSI, None
        wanted = self._ssid.encode()
        for ssid, bssid, _channel, dbm, _security, _hidden in found:
            if ssid == wanted and dbm > best_dbm:
                best_dbm, best = dbm, bssid
        return best_dbm, best

    def move_to(self, bssid: bytes, now_ms: int) -> None:
        """Leave and join that access point; `poll` tells when, and takes any if it fails."""
        self.is_connected = False  # even when it is back before the next look: power save is on
        self._retry_ms = _RETRY_MS
        self._join(bssid, now_ms)

    if features.HAS_NETWORKS:

        def change(self, ssid: str, password: str, now_ms: int) -> None:
            """Leave, and join this network from now on; `poll` tells when."""
            self._ssid = ssid
            self._password = password
            self.is_connected = False
            self._retry_ms = _RETRY_MS
            self._join(None, now_ms)

    def off(self) -> None:
        """Switch the radio off until the next restart."""
        self._is_off = True
        self.is_connected = False
        self._wlan.active(False)

    def _join(self, bssid: "bytes | None", now_ms: int, is_first: bool = False) -> None:
        self._give_up_ms = add(now_ms, self._retry_ms)
        self.access_point = bssid[-2] << 8 | bssid[-1] if bssid else 0
        try:
            if not is_first:
                self._wlan.disconnect()
            if bssid is None:
                self._wlan.connect(self._ssid, self._password)
            else:
                self._wlan.connect(self._ssid, self._password, bssid=bssid)
            self.joins += 1
        except Exception:  # nobody tries any more now, the driver neither: soon again
            self._give_up_ms = add(now_ms, _CHECK_MS)
