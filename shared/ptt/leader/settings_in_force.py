"""The settings in force. Written by `make schema` from shared/schema/settings.toml."""

from ..base.compat import const
from ..base.defaults import PLAYOUT_DELAY_MS, TALK_MS

ACCESS_POINTS = const(1)  # one of them has to carry all, as long as nobody says that there are more
PACKET_FRAMES = const(0)  # few listeners hear soonest with one, a hundred hear all only with two
QUEUE_PLACES = const(128)  # everybody of a large venue at once
PREEMPTION = const(1)  # who is in need must not wait for a burst of a minute to end
PRIVATE_CALLS = const(1)  # what concerns two should not stop the work of all
CALL_QUIET_MS = const(10000)  # time to think of an answer, not to forget the call


class Settings:
    """`version` goes up with every change; a participant without any has version 0."""

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

    def values(self) -> "tuple":
        """All of them, in the order of `cluster.settings_record`."""
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
        )

    def fields(self) -> "tuple":
        """What badges are told, in the order of the message table."""
        return (self.version, self.playout_delay_ms, self.talk_ms)
