# The venue's Wi-Fi as config.json has it.
import network

wlan = network.WLAN(network.STA_IF)


def joined(limit_ms=30000, bssid=None):
    """Milliseconds that joining took; OSError when it took longer than allowed."""
    wifi = facts("config.json")["wifi"]
    wlan.active(True)
    begun = time.ticks_ms()
    if bssid is None:
        wlan.connect(wifi["ssid"], wifi["password"])
    else:
        wlan.connect(wifi["ssid"], wifi["password"], bssid=bssid)
    while not wlan.isconnected():
        if time.ticks_diff(time.ticks_ms(), begun) > limit_ms:
            raise OSError("no Wi-Fi within %d ms: is the venue's network in reach?" % limit_ms)
        time.sleep_ms(10)
    return time.ticks_diff(time.ticks_ms(), begun)


def awake():
    wlan.config(pm=wlan.PM_NONE)
