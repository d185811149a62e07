"""The power save of Wi-Fi: the radio sleeps from beacon to beacon of its access point."""

import network
from micropython import const

_NONE = const(0)
_LIGHT = const(1)  # `PM_PERFORMANCE`; the other kind skips beacons, and hears voice later still


def switch(is_on: bool) -> bool:
    """True when it is so now; False while the radio takes no orders."""
    try:
        network.WLAN(network.STA_IF).config(pm=_LIGHT if is_on else _NONE)
    except Exception:  # as in hal.wifi
        return False
    return True
