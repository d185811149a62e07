# The firmware itself, its talk button pressed by its own pin. `length_ms` is set by the host.
import network
from machine import Pin

making = None
handset = None
button = facts()["button"]
begun_ms = presses = worst_ms = failures = 0
first_live = last_live = 0
is_down = False
is_counted = False  # pressed, and on the air: to look for that takes a step of two seconds
ROUND_MS = 10000


def press(is_pressed):
    # Only a button to ground can be pressed so: pulled down or let go, never driven high.
    if button["active_low"]:
        Pin(button["pin"], Pin.OPEN_DRAIN, Pin.PULL_UP).value(0 if is_pressed else 1)


def go():
    global making, handset, begun_ms, presses, worst_ms, failures, is_down, first_live, last_live
    global is_counted
    if handset is None:
        if making is None:
            making = stages()
        handset = next(making)
        gc.collect()
        begun_ms = time.ticks_ms()
        return False
    gc.collect()
    last_live = gc.mem_alloc()
    first_live = first_live or last_live
    round_ms = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), round_ms) < ROUND_MS:
        now_ms = time.ticks_ms()
        wanted = time.ticks_diff(now_ms, begun_ms) % 12000 < 4000
        if wanted != is_down:
            is_down = wanted
            presses += wanted
            press(wanted)
            is_counted = wanted and network.WLAN(network.STA_IF).isconnected()
        try:
            wait_ms = handset.step(now_ms)
        except Exception as error:
            failures += 1
            print(repr(error))
            wait_ms = 5
        if is_counted:
            worst_ms = max(worst_ms, time.ticks_diff(time.ticks_ms(), now_ms))
        time.sleep_ms(wait_ms)
    return time.ticks_diff(time.ticks_ms(), begun_ms) >= length_ms


def done():
    press(False)
    tell(
        presses=presses,
        step_ms_max=worst_ms,
        growth_bytes=last_live - first_live,
        failures=failures,
    )
