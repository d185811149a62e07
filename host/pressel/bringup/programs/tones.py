# 3 and then 4 kHz. Where samples are swapped the first sounds like 5 kHz, and so higher.
import math

pins = facts()
power_up(pins)
person("listen")
time.sleep_ms(1000)
speaker = opened(pins, "speaker")
for cycles in (3, 4):
    tone = for_speaker(
        pins, [round(9000 * math.sin(2 * math.pi * cycles * n / 16)) for n in range(16)] * 16
    )
    begun = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), begun) < 900:
        if not speaker.write(tone):
            time.sleep_ms(4)
    time.sleep_ms(500)
speaker.deinit()
amplifier_off(pins)
tell(tones=2)
