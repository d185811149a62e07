"""The settings as hosts keep them: of each value its bytes and its range. Written by
`make schema` from shared/schema/settings.toml."""

from ..base.numbers import INT_MAX

SIZES = (4, 2, 4, 1, 1, 1, 1, 1, 4, 2, 1, 4, 2, 1, 1, 1, 1, 1, 1, 1, 4, 2, 1, 1)
RANGES = (
    (1, INT_MAX),  # version
    (20, 400),  # playout_delay_ms: least delay of the jitter buffer
    (1000, 1300000),  # talk_ms: longest burst
    (1, 64),  # access_points: how many access points serve the badges that do not report theirs
    (0, 3),  # packet_frames: frames in a packet to listeners; 0: as many as listeners require
    (1, 128),  # queue_places: badges that may wait for one floor
    (0, 1),  # preemption: an emergency takes the floor from whoever talks
    (0, 1),  # private_calls: two members may talk with each other alone
    (2000, 300000),  # call_quiet_ms: a private call ends when nobody has talked in it for this long
    (0, 65535),  # multicast_group: multicast address for voice, 239.255.x.y as 256 x + y; 0: none
    (0, 255),  # own_listeners: badges that the leader serves itself, and relays do not; 0: all
    (0, 527040),  # kept_min: how long bursts are kept, to be heard again; 0: not at all
    (60, 340),  # playout_delay_max_ms: most delay of the jitter buffer
    (1, 100),  # late_permille: packets that may come too late to be heard
    (0, 1),  # gain: the strength of a microphone follows the speaker
    (0, 1),  # high_pass: a microphone hears nothing below voices
    (0, 2),  # leave_out_pauses: pauses of speech are not sent
    (0, 1),  # old_apps: old apps take part through hosts that were started for them
    (0, 1),  # tell_settings: badges are told the settings
    (0, 3),  # codec: how speech is coded
    (0, 1073741823),  # network: the badges' Wi-Fi: stands for name and password; 0: as flashed
    (0, 3650),  # names_days: how long the log keeps names of people; 0: for ever
    (1, 90),  # battery_low_percent: a badge's battery of so much or less is told of
    (0, 2),  # power_save: a badge's Wi-Fi rests between bursts; 0: as it was flashed
)
# In place of those that an older host does not know.
DEFAULTS = (1, 60, 60000, 1, 0, 128, 1, 1, 10000, 0, 0, 0, 340, 10, 1, 1, 2, 1, 1, 0, 0, 0, 15, 0)
BY_PLACE = 10  # of them lie at their places, the others follow by number
# Places of those of which a talk group may have a value of its own.
OF_GROUPS = (1, 2, 5, 6, 11)
# Places of those of which a badge may, and all of one board.
OF_BADGES = (1, 12, 13, 14, 15, 23)


def is_in_range(values: "tuple | list") -> bool:
    for index in range(len(values)):
        low, high = RANGES[index]
        if not low <= values[index] <= high:
            return False
    return True
