from machine import Pin

motor = facts()["vibration"]
person("feel")
time.sleep_ms(1000)
pin = Pin(motor["pin"], Pin.OUT)
for turn in range(4):
    pin.value((turn % 2 == 0) == motor["active_high"])
    time.sleep_ms(400)
tell(shakes=2)
