"""The settings as hosts keep them: of each value its bytes and its range. Written by
`make schema` from shared/schema/settings.toml."""

from ..base.numbers import INT_MAX

SIZES = (4, 2, 4, 1, 1)
RANGES = (
    (1, INT_MAX),  # version
    (20, 400),  # playout_delay_ms: least delay of the jitter buffer
    (1000, 1300000),  # talk_ms: longest burst
    (1, 64),  # access_points: access points over which the badges are spread
    (0, 3),  # packet_frames: frames in a packet to listeners; 0: as their number asks for
)
# In place of those that an older host does not know.
DEFAULTS = (1, 60, 60000, 1, 0)


def is_in_range(values: "tuple | list") -> bool:
    for index in range(len(values)):
        low, high = RANGES[index]
        if not low <= values[index] <= high:
            return False
    return True
