"""What holds until a leader says otherwise. Written by `make schema` from
shared/schema/settings.toml, with the place of each value in SETTINGS_SNAPSHOT.
"""

from .compat import const

PLAYOUT_DELAY_MS = const(60)  # covers 16 ms of DMA, 20 ms of frame and 15 ms of clean jitter
TALK_MS = const(60000)  # a stuck button must not silence a venue
PLAYOUT_DELAY_MAX_MS = const(340)  # all that a path was seen to need, as far as it is measured
LATE_PERMILLE = const(10)  # as many as a good radio loses
GAIN = const(1)  # microphones differ by 20 dB, and people hold them near or far
HIGH_PASS = const(1)  # halves wind and hum, and is not missed
POWER_SAVE = const(0)  # whoever flashed a badge knew its cell

AT_VERSION = const(0)
AT_PLAYOUT_DELAY_MS = const(1)
AT_TALK_MS = const(2)
AT_PLAYOUT_DELAY_MAX_MS = const(3)
AT_LATE_PERMILLE = const(4)
AT_GAIN = const(5)
AT_HIGH_PASS = const(6)
AT_POWER_SAVE = const(7)

DEFAULTS = (
    0,
    PLAYOUT_DELAY_MS,
    TALK_MS,
    PLAYOUT_DELAY_MAX_MS,
    LATE_PERMILLE,
    GAIN,
    HIGH_PASS,
    POWER_SAVE,
)
