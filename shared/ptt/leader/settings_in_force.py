"""The settings in force. Written by `make schema` from shared/schema/settings.toml."""

from ..base.compat import const
from ..base.defaults import PLAYOUT_DELAY_MS, TALK_MS

ACCESS_POINTS = const(1)  # one of them has to carry all, as long as nobody says that there are more
PACKET_FRAMES = const(0)  # few listeners hear soonest with one, a hundred hear all only with two


class Settings:
    """`version` goes up with every change; a participant without any has version 0."""

    def __init__(
        self,
        version: int = 0,
        playout_delay_ms: int = PLAYOUT_DELAY_MS,
        talk_ms: int = TALK_MS,
        access_points: int = ACCESS_POINTS,
        packet_frames: int = PACKET_FRAMES,
    ) -> None:
        self.version = version
        self.playout_delay_ms = playout_delay_ms
        self.talk_ms = talk_ms
        self.access_points = access_points
        self.packet_frames = packet_frames

    def values(self) -> "tuple":
        """All of them, in the order of `cluster.settings_record`."""
        return (
            self.version,
            self.playout_delay_ms,
            self.talk_ms,
            self.access_points,
            self.packet_frames,
        )

    def fields(self) -> "tuple":
        """What badges are told, in the order of the message table."""
        return (self.version, self.playout_delay_ms, self.talk_ms)
