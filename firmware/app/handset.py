"""The handset: `step(now_ms)` moves everything that waits to be moved and says how long to sleep.

Each step is bounded: so many datagrams, so many frames, no waiting. While a burst runs it keeps no
memory. It is the same on hardware and in the virtual badge; only the caller differs. Parts that not
every badge has (battery, side button, display) are its `extras`.
"""

import gc

from micropython import const

from hal import button as buttons
from ptt.badge import indications
from ptt.badge.floor import NO_PERMISSION
from ptt.base import events
from ptt.base.clock import NEVER, since
from ptt.base.compat import TYPE_CHECKING
from ptt.base.words import nth_word
from ptt.media import dsp
from ptt.media.playout import SILENT
from ptt.wire import messages

from . import log

if TYPE_CHECKING:
    from typing import Protocol

    from app.tones import Tones
    from hal.button import Button
    from hal.indicator import Indicator
    from hal.microphone import Microphone
    from hal.port import SharedPort
    from hal.radio import Radio
    from hal.speaker import Speaker
    from hal.vibration import Vibration
    from hal.wifi import Wifi
    from ptt.badge.participant import Participant

    class Extra(Protocol):
        """Something more that a badge does or has. Both must be short and keep no memory: `step`
        comes at the end of each step, `on_event` with each event of the participant before it."""

        def step(self, handset: "Handset", now_ms: int) -> None: ...

        def on_event(self, handset: "Handset", event: tuple, now_ms: int) -> None: ...


_SLEEP_MS_MAX = const(5)  # so late may a press, a frame or the speaker be noticed
_DATAGRAMS_MAX = const(6)  # a full mailbox; the garbage of opening them must fit in one step
_FRAMES_MAX = const(3)  # more than 64 ms of microphone cannot wait
_GAIN_ONE_Q8 = const(256)  # a level that changes nothing


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
        microphone: "Microphone | None",
        speaker: "Speaker",
        indicator: "Indicator",
        tones: "Tones",
    ) -> None:
        self.participant = participant
        self.radio = radio
        self.wifi = wifi
        self.microphone = microphone  # None: it cannot talk
        self.speaker = speaker
        self.tones = tones
        self.vibration: "Vibration | None" = None
        self.port: "SharedPort | None" = None  # None: microphone and speaker have a port each
        self.extras: "list[Extra]" = []
        self.situation = indications.SEARCHING
        self.is_battery_low = False
        self.pressed_ms = 0  # when the talk button last moved, for extras that wait for a long rest
        self._button = button
        self._indicator = indicator

    def step(self, now_ms: int) -> int:
        """Move everything; returns the milliseconds until it wants to be called again."""
        if self.wifi.poll(now_ms):
            log.write(now_ms, "wifi", 1 if self.wifi.is_connected else 0)
        self._take_datagrams(now_ms)
        self._look_at_button(now_ms)  # before the microphone: its frame holds the press
        if self.port is not None:
            self.port.give(self.participant.floor.wants_speech())
        self._listen(now_ms)
        self.participant.handle_timeout(now_ms)
        self._play(now_ms)
        self.send()
        self._tell(now_ms)
        for extra in self.extras:
            extra.step(self, now_ms)
        due_ms = self.participant.next_timeout_ms()
        if due_ms == NEVER:
            return _SLEEP_MS_MAX
        return min(max(0, since(due_ms, now_ms)), _SLEEP_MS_MAX)

    def is_quiet(self) -> bool:
        """True while nothing would be missed: no press, nothing to hear, no tone."""
        participant = self.participant
        if participant.floor.state != NO_PERMISSION or participant.floor.talker:
            return False
        return participant.playout.state == SILENT and not self.tones.is_playing

    def notice(self, tone: int, vibration_ms: int, now_ms: int) -> None:
        """Let the person hear and feel that something happened; `tone` is of `indications`.

        While the microphone has a shared port there is no tone: it would come too late."""
        if self.port is None or not self.participant.floor.wants_speech():
            self.tones.play(tone)
        if self.vibration is not None and vibration_ms:
            self.vibration.shake(vibration_ms, now_ms)

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
        self.pressed_ms = now_ms
        if change == buttons.PRESSED:
            self.press(now_ms, messages.LANE_ROUTINE)
            log.write(now_ms, "press")
        else:
            self.participant.release(now_ms)
            log.write(now_ms, "release")
        gc.collect()  # now, so that none is needed while talking

    def press(self, now_ms: int, lane: int) -> None:
        """The talk button, or another in its place, goes down."""
        if self.microphone is None:
            log.write(now_ms, "cannot talk")
            self.notice(indications.TONE_NOT_AVAILABLE, 0, now_ms)
        else:
            self.participant.press(now_ms, lane)

    def _listen(self, now_ms: int) -> None:
        microphone = self.microphone
        left = _FRAMES_MAX
        while left and microphone is not None and microphone.read():
            if microphone.gain_q8 != _GAIN_ONE_Q8:
                dsp.gain(microphone.pcm, microphone.gain_q8)
            self.participant.write_microphone(microphone.pcm, now_ms)
            left -= 1

    def _play(self, now_ms: int) -> None:
        """Play what is received and the badge's own tones; never the wearer's own voice (no
        sidetone)."""
        speaker = self.speaker
        tones = self.tones
        is_scaled = speaker.volume_q8 != _GAIN_ONE_Q8
        left = _FRAMES_MAX
        while left and speaker.wants(now_ms):
            pcm = self.participant.read_speaker(now_ms)
            if pcm is None and not tones.is_playing:
                speaker.rest()
                return
            if pcm is None or tones.is_playing or is_scaled:
                pcm = tones.mix(pcm)  # a copy: a lost frame is made of the one before it
            if is_scaled:
                dsp.gain(pcm, speaker.volume_q8)
            speaker.write(pcm, now_ms)
            left -= 1

    def send(self) -> None:
        """Hand waiting datagrams to the radio."""
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
            moment = indications.moment(event[0])
            if moment is not None:
                self.notice(moment[1], moment[2], now_ms)
            log.write(now_ms, nth_word(events.WORDS, event[0]), _readable(event))
            for extra in self.extras:
                extra.on_event(self, event, now_ms)
        situation = indications.situation(self.participant, self.is_battery_low)
        self.situation = situation
        light = indications.SITUATIONS[situation]
        self._indicator.show(light[0], light[1], light[2], now_ms)
        self._indicator.update(now_ms)
        if self.vibration is not None:
            self.vibration.update(now_ms)
