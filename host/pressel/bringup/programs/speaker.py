# A tone of 3 kHz. Where each pair of samples is swapped, most of it is heard at 5 kHz instead. Both
# repeat every 16 samples, so what is heard is added up over that period before it is analysed.
import math

pins = facts()
power_up(pins)
PERIOD = 16
tone = for_speaker(
    pins, [round(12000 * math.sin(2 * math.pi * 3 * n / PERIOD)) for n in range(PERIOD)] * 16
)
block = array("h", bytes(512))
microphone = opened(pins, "microphone")
speaker = opened(pins, "speaker")
sums = [0] * PERIOD
count = at = 0
begun = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), begun) < 1600:
    speaker.write(tone)
    got = microphone.readinto(block) // 2
    if time.ticks_diff(time.ticks_ms(), begun) > 900:  # INMP441 and amplifier have begun
        for n in range(got):
            sums[(at + n) & 15] += block[n]
        count += got
    at += got
    if not got:
        time.sleep_ms(2)
speaker.deinit()
microphone.deinit()
amplifier_off(pins)


def level(cycles):
    real = sum(x * math.cos(2 * math.pi * cycles * n / PERIOD) for n, x in enumerate(sums))
    imaginary = sum(x * math.sin(2 * math.pi * cycles * n / PERIOD) for n, x in enumerate(sums))
    return 2 * math.sqrt(real * real + imaginary * imaginary) / max(1, count)


straight, image = level(3), level(5)
tell(
    heard_dbfs=dbfs((straight * straight + image * image) / 2, 1),
    image_permille=round(1000 * image / max(0.001, straight + image)),
)
