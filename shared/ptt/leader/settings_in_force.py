"""The settings in force. Written by `make schema` from shared/schema/settings.toml."""

from ..base.compat import const
from ..base.defaults import (
    GAIN,
    HIGH_PASS,
    LATE_PERMILLE,
    PLAYOUT_DELAY_MAX_MS,
    PLAYOUT_DELAY_MS,
    POWER_SAVE,
    TALK_MS,
)

ACCESS_POINTS = const(1)  # one has to carry all, unless somebody says that there are more
PACKET_FRAMES = const(0)  # few listeners hear soonest with one, a hundred hear all only with two
QUEUE_PLACES = const(128)  # everybody of a large venue at once
PREEMPTION = const(1)  # somebody in need must not wait a minute for a burst to end
PRIVATE_CALLS = const(1)  # what concerns two should not stop the work of all
CALL_QUIET_MS = const(10000)  # time to think of an answer, not to forget the call
MULTICAST_GROUP = const(0)  # many networks carry multicast late, or not at all: try it in yours
OWN_LISTENERS = const(0)  # badges on a relay hear nothing for a moment when it dies
KEPT_MIN = const(0)  # people must want it, and be told, before what they say is kept
LEAVE_OUT_PAUSES = const(2)  # nothing is gained where a channel has room
OLD_APPS = const(1)  # whoever starts a host with --v1-bridge wants them
TELL_SETTINGS = const(1)  # what badges obey must be the same for all
CODEC = const(0)  # all hear the best that all of them have, and nobody codes anew
NETWORK = const(0)  # whoever flashed the badges knew the venue's Wi-Fi
NAMES_DAYS = const(0)  # what is erased does not come back, so somebody has to say when
BATTERY_LOW_PERCENT = const(15)  # about an hour of a shift: time to fetch another badge


class Settings:
    """`version` goes up with every change; a participant without any has 0. `own`: what
    groups, badges and boards have of their own, as `settings_body.read_own` gives it."""

    def __init__(
        self,
        version: int = 0,
        playout_delay_ms: int = PLAYOUT_DELAY_MS,
        talk_ms: int = TALK_MS,
        access_points: int = ACCESS_POINTS,
        packet_frames: int = PACKET_FRAMES,
        queue_places: int = QUEUE_PLACES,
        preemption: int = PREEMPTION,
        private_calls: int = PRIVATE_CALLS,
        call_quiet_ms: int = CALL_QUIET_MS,
        multicast_group: int = MULTICAST_GROUP,
        own_listeners: int = OWN_LISTENERS,
        kept_min: int = KEPT_MIN,
        playout_delay_max_ms: int = PLAYOUT_DELAY_MAX_MS,
        late_permille: int = LATE_PERMILLE,
        gain: int = GAIN,
        high_pass: int = HIGH_PASS,
        leave_out_pauses: int = LEAVE_OUT_PAUSES,
        old_apps: int = OLD_APPS,
        tell_settings: int = TELL_SETTINGS,
        codec: int = CODEC,
        network: int = NETWORK,
        names_days: int = NAMES_DAYS,
        battery_low_percent: int = BATTERY_LOW_PERCENT,
        power_save: int = POWER_SAVE,
        own: "dict | None" = None,
    ) -> None:
        self.version = version
        self.playout_delay_ms = playout_delay_ms
        self.talk_ms = talk_ms
        self.access_points = access_points
        self.packet_frames = packet_frames
        self.queue_places = queue_places
        self.preemption = preemption
        self.private_calls = private_calls
        self.call_quiet_ms = call_quiet_ms
        self.multicast_group = multicast_group
        self.own_listeners = own_listeners
        self.kept_min = kept_min
        self.playout_delay_max_ms = playout_delay_max_ms
        self.late_permille = late_permille
        self.gain = gain
        self.high_pass = high_pass
        self.leave_out_pauses = leave_out_pauses
        self.old_apps = old_apps
        self.tell_settings = tell_settings
        self.codec = codec
        self.network = network
        self.names_days = names_days
        self.battery_low_percent = battery_low_percent
        self.power_save = power_save
        self.own = own or {}

    def values(self) -> "tuple":
        """Those of the venue, in the order of `cluster.settings_record`."""
        return (
            self.version,
            self.playout_delay_ms,
            self.talk_ms,
            self.access_points,
            self.packet_frames,
            self.queue_places,
            self.preemption,
            self.private_calls,
            self.call_quiet_ms,
            self.multicast_group,
            self.own_listeners,
            self.kept_min,
            self.playout_delay_max_ms,
            self.late_permille,
            self.gain,
            self.high_pass,
            self.leave_out_pauses,
            self.old_apps,
            self.tell_settings,
            self.codec,
            self.network,
            self.names_days,
            self.battery_low_percent,
            self.power_save,
        )

    def fields(self) -> "tuple":
        """What badges are told, in the order of the message table."""
        return (
            self.version,
            self.playout_delay_ms,
            self.talk_ms,
            self.playout_delay_max_ms,
            self.late_permille,
            self.gain,
            self.high_pass,
            self.power_save,
        )
