"""What the microphone hears made fit to be coded, and pauses left out, on a badge whose chip has
room for it and machine code: as bytecode, a frame would take longer than it lasts."""

from ptt.base import events, features
from ptt.base.compat import TYPE_CHECKING
from ptt.base.defaults import AT_GAIN, AT_HIGH_PASS
from ptt.microphone.comfort import Comfort
from ptt.microphone.conditioner import Conditioner

if TYPE_CHECKING:
    from array import array
    from typing import Any

    from app.handset import Handset
    from ptt.badge.participant import Participant


def start(handset: "Handset", native: "Any") -> None:
    """From now on `handset` talks and hears by it; `native` is its machine code."""
    participant = handset.participant
    microphone = handset.microphone
    if microphone is not None:
        level = Level(participant, Conditioner(native, microphone.gain_q8 << 4))
        handset.level = level
        handset.extras.append(level)
    participant.playout.comfort = Comfort(native.hiss)
    participant.membership.claims |= features.PAUSES


class Level:
    """Of one microphone, from its board's gain on."""

    def __init__(self, participant: "Participant", conditioner: Conditioner) -> None:
        self._burst = participant.burst
        self._settings = participant.settings
        self.conditioner = conditioner
        self._obey()

    def prepare(self, pcm: "array") -> None:
        """A frame that will be sent."""
        self.conditioner.hear(pcm, True)
        self._burst.rest_level = self.conditioner.rest_level()

    def step(self, handset: "Handset", now_ms: int) -> None:
        pass

    def on_event(self, handset: "Handset", event: tuple, now_ms: int) -> None:
        if event[0] == events.SETTINGS:
            self._obey()

    def _obey(self) -> None:
        fields = self._settings.fields
        self.conditioner.obey(fields[AT_GAIN], fields[AT_HIGH_PASS])
