joined()
wlan.disconnect()
reconnect_ms = joined()
ssid = facts("config.json")["wifi"]["ssid"].encode()
own = [each for each in wlan.scan() if each[0] == ssid]
if not own:
    raise OSError(
        "no access point of the venue's network is in a scan, so a badge cannot roam: let it show "
        "its name"
    )
strongest = max(own, key=lambda each: each[3])
wlan.disconnect()
tell(reconnect_ms=reconnect_ms, roam_ms=joined(30000, strongest[1]))
