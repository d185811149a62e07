from machine import Pin

try:
    which
except NameError:
    which = "button"
at = facts()[which]
pin = Pin(at["pin"], Pin.IN, Pin.PULL_UP if at["active_low"] else Pin.PULL_DOWN)
down = 0 if at["active_low"] else 1
time.sleep_ms(20)
is_up_at_rest = pin.value() != down
person("press")
presses = bounce_us = 0
level = pin.value()
changed_us = time.ticks_us()
begun = time.ticks_ms()
while presses < 3 and time.ticks_diff(time.ticks_ms(), begun) < 20000:
    if pin.value() == level:
        continue
    level = 1 - level
    now_us = time.ticks_us()
    since_us = time.ticks_diff(now_us, changed_us)
    if since_us < 50000:  # nobody presses so fast
        bounce_us = max(bounce_us, since_us)
        continue
    changed_us = now_us
    if level == down:
        presses += 1
tell(is_up_at_rest=is_up_at_rest, presses=presses, bounce_ms=bounce_us / 1000)
