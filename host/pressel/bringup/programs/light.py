from machine import Pin

led = facts()["led"]
person("look")
is_rgb = led.get("kind") == "rgb"
if is_rgb:
    from neopixel import NeoPixel

    pixel = NeoPixel(Pin(led["pin"]), 1)
else:
    pin = Pin(led["pin"], Pin.OUT)
for turn in range(6):
    if is_rgb:
        pixel[0] = (0, 0, 0) if turn % 2 else (40, 40, 40)
        pixel.write()
    else:
        pin.value((turn % 2 == 0) == led["active_high"])
    time.sleep_ms(500)
tell(flashes=3)
