import os

import esp32

NAME = "bringup.tmp"
COUNT = 16
worst = total = changed = 0
for number in range(COUNT):
    data = bytes((number * 37 + at) & 255 for at in range(4096))
    begun = time.ticks_ms()
    with open(NAME, "wb") as file:
        file.write(data)
    took = time.ticks_diff(time.ticks_ms(), begun)
    total += took
    worst = max(worst, took)
    with open(NAME, "rb") as file:
        changed += file.read() != data
os.remove(NAME)
marked = time.ticks_ms() & 0xFFFF
try:
    nvs = esp32.NVS("pressel")
    nvs.set_i32("bringup", marked)
    nvs.commit()
    keeps_numbers = esp32.NVS("pressel").get_i32("bringup") == marked
except OSError:
    keeps_numbers = False
tell(
    changed_files=changed,
    keeps_numbers=keeps_numbers,
    write_ms=total / COUNT,
    write_ms_max=worst,
)
