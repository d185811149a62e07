"""Microphone and speaker on one I2S port: one at a time, because the chip has no second port.

Stock MicroPython cannot run both directions of one port. The port is the speaker's but for the
time of a press, and each press costs the microphone's start: 256 ms of an INMP441.
"""

from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from .codec import Codec
    from .microphone import Microphone
    from .speaker import Speaker


class SharedPort:
    """Gives the port to the microphone or to the speaker, each with the facts of its pins, and
    tells the codec where there is one: the clocks differ. At the start only the speaker is open."""

    def __init__(self, microphone: "Microphone", speaker: "Speaker", pins: dict) -> None:
        self._microphone = microphone
        self._microphone_facts = pins["microphone"]
        self._speaker = speaker
        self._speaker_facts = pins["speaker"]
        self._codec: "Codec | None" = None
        if "codec" in pins:
            from .codec import Codec

            self._codec = Codec(pins["codec"])
        self._is_talking = False
        self.deaf = 0  # times the codec did not answer

    def give(self, is_talking: bool) -> None:
        """To be told at every step whether the microphone is needed now."""
        if is_talking == self._is_talking:
            return
        self._is_talking = is_talking
        if is_talking:
            self._speaker.close()
            self._tell("talking")
            self._microphone.open(self._microphone_facts)
        else:
            self._microphone.close()
            self._tell("listening")
            self._speaker.open(self._speaker_facts)

    def _tell(self, what: str) -> None:
        """A codec that does not answer now sounds wrong, which is no reason to fall silent."""
        if self._codec is not None:
            try:
                self._codec.write(what)
            except OSError:
                self.deaf += 1
