# Stands for the Wi-Fi station. The host says which access points are in reach, and how near they
# are ("air"), and which networks there are ("networks"); until it does, there is one nearby,
# whatever its name and password. The network is this host's loopback.

import json
from binascii import hexlify, unhexlify
from time import ticks_diff, ticks_ms

import _bridge

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010

_SSID_BYTES_MAX = 32  # what is longer is cut without a word, and no such network is there
_JOIN_MS = 30  # association and address, shortened: no test should wait for it
_RSSI_DBM = -55
_HOME = "020000000001"

# A stepped badge has no such bridge.
_air_points = getattr(_bridge, "air_points", None)  # -> JSON: address to dBm
_air_dbm = getattr(_bridge, "air_dbm", lambda address: _RSSI_DBM)  # 0: out of reach
_join = getattr(_bridge, "wifi_join", lambda ssid, key: 0)
_is_cut = getattr(_bridge, "wifi_is_cut", lambda: False)


# [address (12 hexadecimal digits), dBm] of each access point in reach, the strongest first.
def _points():
    points = json.loads(_air_points()) if _air_points else {_HOME: _RSSI_DBM}
    return sorted(points.items(), key=lambda each: -each[1])


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    _active = False
    _asked_ms = None  # when connect() was called; None while not connected
    _point = None  # the access point that it is joined to, or joins
    _is_possible = False  # there may be a network of such a name
    _wanted = None  # the only one that it may join
    _settings = {"pm": 1, "channel": 6, "ssid": "", "txpower": 20}

    def __init__(self, interface=STA_IF):
        if interface != STA_IF:
            raise ValueError("the virtual badge has a station interface only")

    def active(self, on=None):
        if on is not None:
            WLAN._active = bool(on)
            if not on:
                WLAN._asked_ms = None
                WLAN._point = None
        return WLAN._active

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not WLAN._active:
            raise OSError("Wifi Not Started")
        WLAN._settings["ssid"] = ssid
        WLAN._is_possible = len(ssid.encode()) <= _SSID_BYTES_MAX
        WLAN._settings["pm"] = WLAN.PM_PERFORMANCE  # as after every connect
        WLAN._wanted = hexlify(bssid).decode() if bssid else None
        WLAN._point = None
        WLAN._asked_ms = ticks_ms()
        _join(ssid, key or "")

    def disconnect(self):
        if not WLAN._active:
            raise OSError("Wifi Not Started")
        WLAN._asked_ms = None
        WLAN._point = None

    def isconnected(self):
        if WLAN._asked_ms is None or ticks_diff(ticks_ms(), WLAN._asked_ms) < _JOIN_MS:
            return False
        if not WLAN._is_possible or _is_cut():
            return False
        if WLAN._point is None or not _air_dbm(WLAN._point):
            WLAN._point = None
            for name, _ in _points():
                if name == WLAN._wanted or not WLAN._wanted:
                    WLAN._point = name
                    break
        return WLAN._point is not None

    def scan(self):
        if not WLAN._active:
            raise OSError("Wifi Not Started")
        ssid = (WLAN._settings["ssid"] or "").encode()
        return [(ssid, unhexlify(name), 6, dbm, 3, False) for name, dbm in _points()]

    def status(self, what=None):
        if what == "rssi":
            if not self.isconnected():
                raise OSError("Wifi Not Connected")
            return _air_dbm(WLAN._point)
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
