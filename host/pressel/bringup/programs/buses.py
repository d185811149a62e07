pins = facts()
for hold in pins.get("hold", ()):
    Pin(hold["pin"], Pin.OUT, value=1 if hold["high"] else 0)
wanted = [pins["codec"]["address"]]
for chip in pins.get("power", ()):
    wanted.append(chip["address"])
time.sleep_ms(20)
found = bus_of(pins).scan()
found = bus_of(pins).scan()  # a chip that slept hears the second one
tell(
    missing=", ".join("0x%02X" % each for each in wanted if each not in found),
    found=", ".join("0x%02X" % each for each in found),
)
