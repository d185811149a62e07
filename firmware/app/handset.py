"""The handset: `step(now_ms)` moves everything that waits to be moved and says how long to sleep.

Each step is bounded: so many datagrams, so many frames, no waiting. While a burst runs it keeps no
memory. Most steps find that nothing is due and only look at the button, the radio and, in a press,
the microphone. It is the same on hardware and in the virtual badge; only the caller differs. Parts
that not every badge has (battery, side button, display) are its `extras`.
"""

import gc

from micropython import const

from hal import button as buttons
from ptt.badge import indications
from ptt.badge.floor import NO_PERMISSION
from ptt.base import events, features
from ptt.base.clock import NEVER, add, age, since
from ptt.base.compat import TYPE_CHECKING
from ptt.base.words import nth_word
from ptt.media import dsp
from ptt.media.playout import PLAYING, SILENT
from ptt.wire import messages

from . import log

if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    from app.tones import Tones
    from hal.battery import Battery
    from hal.button import Button
    from hal.indicator import Indicator
    from hal.microphone import Microphone
    from hal.port import SharedPort
    from hal.radio import Radio
    from hal.speaker import Speaker
    from hal.vibration import Vibration
    from hal.wifi import Wifi
    from ptt.badge.participant import Participant

    class Ears(Protocol):
        """The participant, or who hears for it by other ways, too."""

        def receive_datagram(self, data: bytes, source: object, now_ms: int) -> object: ...

    class Extra(Protocol):
        """Something more that a badge does or has. Both must be short and keep no memory: `step`
        comes every `_REST_MS` or so, `on_event` with each event of the participant."""

        def step(self, handset: "Handset", now_ms: int) -> None: ...

        def on_event(self, handset: "Handset", event: tuple, now_ms: int) -> None: ...

    class Level(Protocol):
        """Makes fit what the microphone hears: `app.extras.level`."""

        def prepare(self, pcm: array) -> None: ...


_TICK_MS = const(10)  # of the port, whose waits end no sooner: so late is a press noticed
_REST_MS = const(30)  # between two whole steps; the microphone keeps 48
_DATAGRAMS_MAX = const(6)  # a full mailbox; the garbage of opening them must fit in one step
_FRAMES_MAX = const(3)  # more than 48 ms of microphone cannot wait
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
        self.ears: "Ears" = participant  # who takes what has come
        self.radio = radio
        self.wifi = wifi
        self.microphone = microphone  # None: it cannot talk
        self.speaker = speaker
        self.tones = tones
        self.vibration: "Vibration | None" = None
        self.battery: "Battery | None" = None  # None: it is not measured
        self.port: "SharedPort | None" = None  # None: microphone and speaker have a port each
        self.extras: "list[Extra]" = []
        if features.HAS_PAUSES:
            self.level: "Level | None" = None  # makes fit what the microphone hears
        self.situation = indications.SEARCHING
        self.is_battery_low = False
        self.pressed_ms = 0  # when the talk button last moved, for extras that wait for a long rest
        self._button = button
        self._indicator = indicator
        self._is_speaking = False  # what the microphone hears is wanted
        self._wake_ms = 0  # when the next whole step is due
        self._due_ms = NEVER  # when the participant's timers are
        self._looked_ms = 0  # when it last looked after what may wait

    def step(self, now_ms: int) -> int:
        """Move everything that is due; returns the milliseconds until it wants to be called
        again."""
        participant = self.participant
        microphone = self.microphone
        received = None
        has_frame = False
        left_ms = age(self._wake_ms, now_ms)
        if 0 < left_ms <= _REST_MS and not self._button.has_moved():
            if self._is_speaking and microphone is not None:
                has_frame = microphone.read()
            # While a burst plays, what has come waits for the next frame, which is due soon.
            if not has_frame and participant.playout.state != PLAYING:
                received = self.radio.receive()
            if received is None and not has_frame:
                return min(left_ms, _TICK_MS)
        left = _DATAGRAMS_MAX
        received = received or self.radio.receive()
        while received is not None:
            self.ears.receive_datagram(received[0], received[1], now_ms)
            left -= 1
            received = self.radio.receive() if left else None
        self._look_at_button(now_ms)  # before the microphone: its frame holds the press
        self._listen(has_frame, now_ms)
        if self._due_ms != NEVER and since(now_ms, self._due_ms) >= 0:
            participant.handle_timeout(now_ms)
        if self.speaker.is_loud or participant.playout.state or self.tones.is_playing:
            self._play(now_ms)
        self.send()
        if self._tell(now_ms) or age(now_ms, self._looked_ms) >= _REST_MS:
            self._look_around(now_ms)
        left_ms = _REST_MS
        if self.speaker.is_playing:
            left_ms = min(left_ms, since(self.speaker.wants_ms, now_ms))
        elif participant.playout.state or self.tones.is_playing:
            left_ms = _TICK_MS
        self._due_ms = participant.next_timeout_ms()
        if self._due_ms != NEVER:
            left_ms = min(left_ms, since(self._due_ms, now_ms))
        left_ms = max(0, left_ms) if left else 0  # a full mailbox: more may have come already
        self._wake_ms = add(now_ms, left_ms)
        return min(left_ms, _TICK_MS)

    def _look_around(self, now_ms: int) -> None:
        """What may wait for `_REST_MS`: Wi-Fi, light, motor and extras."""
        self._looked_ms = now_ms
        if self.wifi.poll(now_ms):
            log.write(now_ms, "wifi", 1 if self.wifi.is_connected else 0)
        self.situation = indications.situation(self.participant, self.is_battery_low)
        light = indications.SITUATIONS[self.situation]
        self._indicator.show(light[0], light[1], light[2], now_ms)
        self._indicator.update(now_ms)
        if self.vibration is not None:
            self.vibration.update(now_ms)
        for extra in self.extras:
            extra.step(self, now_ms)

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

    def _listen(self, has_frame: bool, now_ms: int) -> None:
        """`has_frame`: one was read already."""
        self._is_speaking = self.participant.floor.wants_speech()
        if self.port is not None:
            self.port.give(self._is_speaking)
        microphone = self.microphone
        if microphone is None:
            return
        if not self._is_speaking:
            microphone.skip()
            return
        left = _FRAMES_MAX
        while left and (has_frame or microphone.read()):
            has_frame = False
            if features.HAS_PAUSES:
                if self.level is not None:
                    self.level.prepare(microphone.pcm)
                    self.participant.write_microphone(microphone.pcm, now_ms)
                    left -= 1
                    continue
            dsp.centre(microphone.constant, microphone.pcm)
            if microphone.gain_q8 != _GAIN_ONE_Q8:
                dsp.gain(microphone.pcm, microphone.gain_q8)
            self.participant.write_microphone(microphone.pcm, now_ms)
            left -= 1

    def _play(self, now_ms: int) -> None:
        """Play what is received and the badge's own tones; never the wearer's own voice (no
        sidetone)."""
        speaker = self.speaker
        tones = self.tones
        left = _FRAMES_MAX
        while left and speaker.wants(now_ms):
            pcm = self.participant.read_speaker(now_ms)
            if pcm is None and not tones.is_playing and speaker.rest():
                return
            if pcm is None or tones.is_playing or speaker.is_adapted:
                pcm = tones.mix(pcm)  # a copy: a lost frame is made of the one before it
            if speaker.is_adapted:
                if speaker.volume_q8 != _GAIN_ONE_Q8:
                    dsp.gain(pcm, speaker.volume_q8)
                if speaker.swap:
                    dsp.swap(pcm)
            speaker.write(pcm, now_ms)
            left -= 1

    def send(self) -> None:
        """Hand waiting datagrams to the radio."""
        while True:
            datagram = self.participant.poll_transmit()
            if datagram is None:
                return
            self.radio.send(datagram)

    def _tell(self, now_ms: int) -> bool:
        """Let person and log know what has happened; False when nothing has."""
        has_happened = False
        while True:
            event = self.participant.next_event()
            if event is None:
                return has_happened
            has_happened = True
            moment = indications.moment(event[0])
            if moment is not None:
                self.notice(moment[1], moment[2], now_ms)
            log.write(now_ms, nth_word(events.WORDS, event[0]), _readable(event))
            for extra in self.extras:
                extra.on_event(self, event, now_ms)
