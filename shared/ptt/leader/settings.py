"""The settings in force, as SETTINGS_SNAPSHOT carries them."""

from ..base.numbers import PLAYOUT_DELAY_MS, TALK_MS_MAX


class Settings:
    """`version` goes up with every change; a participant without any has version 0."""

    def __init__(
        self,
        version: int = 0,
        playout_delay_ms: int = PLAYOUT_DELAY_MS,
        talk_ms: int = TALK_MS_MAX,
    ) -> None:
        self.version = version
        self.playout_delay_ms = playout_delay_ms
        self.talk_ms = talk_ms

    def fields(self) -> "tuple[int, int, int]":
        """The values in the order of the message table."""
        return (self.version, self.playout_delay_ms, self.talk_ms)
