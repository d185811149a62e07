joined()
begun = time.ticks_ms()
found = wlan.scan()
tell(scan_ms=time.ticks_diff(time.ticks_ms(), begun), points=len(found))
