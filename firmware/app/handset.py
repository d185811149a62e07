"""The handset: `step(now_ms)` moves everything that waits to be moved and says how long to sleep.

Each step is bounded: so many datagrams, so many frames, no waiting. While a burst runs it keeps no
memory. It is the same on hardware and in the virtual badge, only the caller differs.
"""

import gc

from micropython import const

from hal import button as buttons
from ptt import events
from ptt.clock import NEVER, since
from ptt.compat import TYPE_CHECKING

from . import indications, log

if TYPE_CHECKING:
    from hal.button import Button
    from hal.indicator import Indicator
    from hal.microphone import Microphone
    from hal.radio import Radio
    from hal.speaker import Speaker
    from hal.wifi import Wifi
    from ptt.participant import Participant

_SLEEP_MS_MAX = const(5)  # so late may a press, a frame or the speaker be noticed
_DATAGRAMS_MAX = const(12)  # a full mailbox twice over
_FRAMES_MAX = const(3)  # more than 64 ms of microphone cannot wait


def _readable(event: "tuple") -> object:
    """An event's value without bytes, which JSON has not."""
    kind, value = event
    if kind == events.TEXT:
        return (value[0], value[1], value[2].decode(), value[3].decode())
    return value


class Handset:
    """A badge's peripherals and its participant, made by `boot`."""

    def __init__(
        self,
        participant: "Participant",
        wifi: "Wifi",
        radio: "Radio",
        button: "Button",
        microphone: "Microphone",
        speaker: "Speaker",
        indicator: "Indicator",
    ) -> None:
        self.participant = participant
        self.radio = radio
        self._wifi = wifi
        self._button = button
        self._microphone = microphone
        self._speaker = speaker
        self._indicator = indicator

    def step(self, now_ms: int) -> int:
        """Move everything; returns the milliseconds until it wants to be called again."""
        if self._wifi.poll(now_ms):
            log.write(now_ms, "wifi", 1 if self._wifi.is_connected else 0)
        self._take_datagrams(now_ms)
        self._look_at_button(now_ms)  # before the microphone: its frame holds the press
        self._listen(now_ms)
        self.participant.handle_timeout(now_ms)
        self._play(now_ms)
        self._send()
        self._tell(now_ms)
        return self._sleep_ms(now_ms)

    def _take_datagrams(self, now_ms: int) -> None:
        left = _DATAGRAMS_MAX
        while left:
            received = self.radio.receive()
            if received is None:
                return
            self.participant.receive_datagram(received[0], received[1], now_ms)
            left -= 1

    def _look_at_button(self, now_ms: int) -> None:
        change = self._button.poll(now_ms)
        if change == buttons.NOTHING:
            return
        if change == buttons.PRESSED:
            self.participant.press(now_ms)
            log.write(now_ms, "press")
        else:
            self.participant.release(now_ms)
            log.write(now_ms, "release")
        gc.collect()  # now, so that none is needed while talking

    def _listen(self, now_ms: int) -> None:
        left = _FRAMES_MAX
        while left and self._microphone.read():
            self.participant.write_microphone(self._microphone.pcm, now_ms)
            left -= 1

    def _play(self, now_ms: int) -> None:
        left = _FRAMES_MAX
        while left and self._speaker.wants(now_ms):
            pcm = self.participant.read_speaker(now_ms)
            if pcm is None:
                self._speaker.rest()
                return
            self._speaker.write(pcm, now_ms)
            left -= 1

    def _send(self) -> None:
        while True:
            datagram = self.participant.poll_transmit()
            if datagram is None:
                return
            self.radio.send(datagram)

    def _tell(self, now_ms: int) -> None:
        while True:
            event = self.participant.next_event()
            if event is None:
                break
            log.write(now_ms, events.NAMES[event[0]], _readable(event))
        on_ms, period_ms = indications.pattern(self.participant)
        self._indicator.show(on_ms, period_ms, now_ms)
        self._indicator.update(now_ms)

    def _sleep_ms(self, now_ms: int) -> int:
        due_ms = self.participant.next_timeout_ms()
        if due_ms == NEVER:
            return _SLEEP_MS_MAX
        return min(max(0, since(due_ms, now_ms)), _SLEEP_MS_MAX)
