# Stands for the Wi-Fi station: an access point that is always in reach, this host's loopback.

from time import ticks_diff, ticks_ms

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010

_JOIN_MS = 30  # association and address, shortened: no test should wait for it
_RSSI_DBM = -55


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    _active = False
    _asked_ms = None  # when connect() was called; None while not connected
    _settings = {"pm": 1, "channel": 6, "ssid": "", "txpower": 20}

    def __init__(self, interface=STA_IF):
        if interface != STA_IF:
            raise ValueError("the virtual badge has a station interface only")

    def active(self, on=None):
        if on is not None:
            WLAN._active = bool(on)
            if not on:
                WLAN._asked_ms = None
        return WLAN._active

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not WLAN._active:
            raise OSError("Wifi Not Started")
        WLAN._settings["ssid"] = ssid
        WLAN._asked_ms = ticks_ms()

    def disconnect(self):
        WLAN._asked_ms = None

    def isconnected(self):
        asked_ms = WLAN._asked_ms
        return asked_ms is not None and ticks_diff(ticks_ms(), asked_ms) >= _JOIN_MS

    def status(self, what=None):
        if what == "rssi":
            return _RSSI_DBM
        if self.isconnected():
            return STAT_GOT_IP
        return STAT_IDLE if WLAN._asked_ms is None else STAT_CONNECTING

    def config(self, *names, **settings):
        WLAN._settings.update(settings)
        if names:
            if names[0] == "mac":
                from machine import unique_id

                return unique_id()
            return WLAN._settings[names[0]]

    def ifconfig(self, settings=None):
        host = "127.0.0.1" if self.isconnected() else "0.0.0.0"
        return (host, "255.0.0.0", "127.0.0.1", "127.0.0.1")


def hostname(name=None):
    return "badge"


def country(code=None):
    return "XX"
