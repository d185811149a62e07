# The venue's Wi-Fi as config.json has it.
import network

wlan = network.WLAN(network.STA_IF)


def joined(limit_ms=30000, bssid=None):
    """Milliseconds that joining took; OSError when it took longer than allowed."""
    wifi = facts("config.json")["wifi"]
    begun = time.ticks_ms()
    try:
        wlan.active(True)
        if bssid is None:
            wlan.connect(wifi["ssid"], wifi["password"])
        else:
            wlan.connect(wifi["ssid"], wifi["password"], bssid=bssid)
    except RuntimeError as error:  # what the port has no words for, such as too little memory
        raise OSError("Wi-Fi does not begin (%s): press RESET and run it again" % error) from error
    while not wlan.isconnected():
        if time.ticks_diff(time.ticks_ms(), begun) > limit_ms:
            raise OSError("no Wi-Fi within %d ms: is the venue's network in reach?" % limit_ms)
        time.sleep_ms(10)
    return time.ticks_diff(time.ticks_ms(), begun)


def awake():
    wlan.config(pm=wlan.PM_NONE)
