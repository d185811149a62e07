"""What a participant may have, as bits of `features` in HELLO. Written by `make schema`
from shared/schema/features.toml.

`HAS_...` says whether this build has it: a build for a small badge leaves out what does
not fit. `OF_ENGINES` are the bits of what every participant of this build has."""

from .compat import const

UPDATES = const(1)  # takes releases over the air
SIDE_BUTTON = const(2)  # has a second button, for emergencies and groups
BATTERY = const(4)  # measures its battery
DISPLAY = const(8)  # shows group and situation on a display
SECRET_TEXTS = const(32)  # reads texts that are encrypted
SMOOTH_PLAYOUT = const(64)  # smooths over lost and late speech
RELAYED = const(256)  # hears voice that another host sends in the leader's place
G722 = const(1024)  # talks and hears in G.722
PAUSES = const(512)  # levels its microphone, leaves out pauses, and hears the room in others'
OPUS = const(2048)  # talks and hears in Opus
NETWORKS = const(4096)  # changes to another Wi-Fi network when the leader says so
MULTICAST = const(128)  # hears voice that is sent once for many
NAME_TAG = const(16)  # shows its wearer's name on e-paper

OF_ENGINES = const(32)

HAS_UPDATES = True
HAS_SIDE_BUTTON = True
HAS_BATTERY = True
HAS_DISPLAY = True
HAS_SECRET_TEXTS = True
HAS_SMOOTH_PLAYOUT = True
HAS_G722 = True
HAS_PAUSES = True
HAS_NETWORKS = True
HAS_MULTICAST = True
HAS_NAME_TAG = True
