"""The Wi-Fi station: joins the venue's network and stays on it, awake."""

import network
from micropython import const

from ptt.clock import add, since

_CHECK_MS = const(500)  # how soon a lost network is noticed; the radio itself retries


class Wifi:
    """Joins network `ssid` with `password`."""

    def __init__(self, ssid: str, password: str) -> None:
        self._ssid = ssid
        self._password = password
        self._wlan = network.WLAN(network.STA_IF)
        self._wlan.active(True)
        self.is_connected = False
        self._check_ms = 0
        self._is_started = False

    def poll(self, now_ms: int) -> bool:
        """Look after the connection; True when it has come or gone since the last call."""
        if not self._is_started:
            self._is_started = True
            self._check_ms = now_ms
            self._wlan.connect(self._ssid, self._password)
        if since(now_ms, self._check_ms) < 0:
            return False
        self._check_ms = add(now_ms, _CHECK_MS)
        is_connected = self._wlan.isconnected()
        if is_connected == self.is_connected:
            return False
        self.is_connected = is_connected
        if is_connected:
            # Power save is on after every connect and would hold voice back by 100s of ms.
            self._wlan.config(pm=self._wlan.PM_NONE)
        return True
