from array import array

pins = facts()
power_up(pins)
block = array("h", bytes(512))


def listen(i2s, length_ms):
    """Samples, their sum and the sum of their squares."""
    count = total = squares = 0
    begun = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), begun) < length_ms:
        got = i2s.readinto(block) // 2
        for at in range(0, got, 4):  # a quarter is enough for a level
            total += block[at]
            squares += block[at] * block[at]
        count += got
        if not got:
            time.sleep_ms(2)
    return count, total, squares


person("quiet")
i2s = opened(pins, "microphone")
listen(i2s, 700)  # an INMP441 is silent for the first 256 ms
begun = time.ticks_ms()
count, total, squares = listen(i2s, 1500)
took = time.ticks_diff(time.ticks_ms(), begun)
offset = total * 4 / count
noise = squares - total * offset if count else 0
person("speak")
listen(i2s, 1000)
spoken, total_spoken, loud = listen(i2s, 2500)
loud -= total_spoken * total_spoken * 4 / spoken
i2s.deinit()
tell(
    rate_hz=count * 1000 // took,
    noise_dbfs=dbfs(noise * 4, count),
    speech_dbfs=dbfs(loud * 4, spoken),
    offset=round(offset),
)
