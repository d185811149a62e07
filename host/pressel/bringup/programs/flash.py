import os

NAME = "bringup.tmp"
data = bytes(4096)
worst = 0
for _ in range(16):
    begun = time.ticks_ms()
    with open(NAME, "wb") as file:
        file.write(data)
    worst = max(worst, time.ticks_diff(time.ticks_ms(), begun))
os.remove(NAME)
tell(write_ms_max=worst)
