"""What holds until a leader says otherwise. Written by `make schema` from
shared/schema/settings.toml, with the place of each value in SETTINGS_SNAPSHOT.
"""

from .compat import const

PLAYOUT_DELAY_MS = const(60)  # covers 16 ms of DMA, 20 ms of frame and 15 ms of clean jitter
TALK_MS = const(60000)  # a stuck button must not silence a venue

AT_VERSION = const(0)
AT_PLAYOUT_DELAY_MS = const(1)
AT_TALK_MS = const(2)
