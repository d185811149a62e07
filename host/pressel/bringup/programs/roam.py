joined()
wlan.disconnect()
reconnect_ms = joined()
ssid = facts("config.json")["wifi"]["ssid"].encode()
own = [each for each in wlan.scan() if each[0] == ssid]
strongest = max(own, key=lambda each: each[3]) if own else None
wlan.disconnect()
tell(reconnect_ms=reconnect_ms, roam_ms=joined(30000, strongest[1] if strongest else None))
