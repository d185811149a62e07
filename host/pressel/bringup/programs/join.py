tell(join_ms=joined(), rssi_dbm=wlan.status("rssi"))
