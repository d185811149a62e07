"""The settings in force. Written by `make schema` from shared/schema/settings.toml."""

from ..base.defaults import PLAYOUT_DELAY_MS, TALK_MS


class Settings:
    """`version` goes up with every change; a participant without any has version 0."""

    def __init__(
        self,
        version: int = 0,
        playout_delay_ms: int = PLAYOUT_DELAY_MS,
        talk_ms: int = TALK_MS,
    ) -> None:
        self.version = version
        self.playout_delay_ms = playout_delay_ms
        self.talk_ms = talk_ms

    def values(self) -> "tuple":
        """All of them, in the order of `cluster.settings_record`."""
        return (self.version, self.playout_delay_ms, self.talk_ms)

    def fields(self) -> "tuple":
        """What badges are told, in the order of the message table."""
        return (self.version, self.playout_delay_ms, self.talk_ms)
