"""The settings as hosts keep them: of each value its bytes and its range. Written by
`make schema` from shared/schema/settings.toml."""

from ..base.numbers import INT_MAX

SIZES = (4, 2, 4, 1, 1, 1, 1, 1, 4)
RANGES = (
    (1, INT_MAX),  # version
    (20, 400),  # playout_delay_ms: least delay of the jitter buffer
    (1000, 1300000),  # talk_ms: longest burst
    (1, 64),  # access_points: access points over which badges are spread that do not report theirs
    (0, 3),  # packet_frames: frames in a packet to listeners; 0: as their number asks for
    (1, 128),  # queue_places: badges that may wait for one floor
    (0, 1),  # preemption: an emergency takes the floor from whoever talks
    (0, 1),  # private_calls: two members may talk with each other alone
    (2000, 300000),  # call_quiet_ms: a private call ends when nobody has talked in it for so long
)
# In place of those that an older host does not know.
DEFAULTS = (1, 60, 60000, 1, 0, 128, 1, 1, 10000)


def is_in_range(values: "tuple | list") -> bool:
    for index in range(len(values)):
        low, high = RANGES[index]
        if not low <= values[index] <= high:
            return False
    return True
