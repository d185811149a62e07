"""A badge that is the firmware itself: real MicroPython in a process, stepped by the world.

It sees the same network, people and faults as the others. Its speech is coded by its own coder,
so frames are told apart by their bytes: frame n of a burst is taken for the n-th 20 ms after the
press, which may be one frame off. What it plays is found in the samples of its speaker.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pressel.virtual.stepped import FailSends, Kit, Press, Release, Speak, SteppedBadge
from ptt.base import events
from ptt.base.clock import add
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES, RATE_HZ
from ptt.media import adpcm
from ptt.wire import voice
from ptt.wire.messages import VOICE_FRAME

from .. import keys, record
from ..air.network import BROADCAST
from ..local_clock import LocalClock
from ..people import marker
from ..people.person import FRAME_US, Person
from ..stage import Stage
from .node import Node, leading

_PORT = 47800
_EVERYBODY = "255.255.255.255"
_KEY_AT = FRAME_SAMPLES  # bytes: a frame's middle, where a word that begins or ends in it sounds
_KEY_BYTES = 24  # no other 12 samples in a second of real speech are like these
_EXPECTED_MAX = 64  # frames that came and have not sounded: more than its buffers hold
_STREAM_BYTES = (
    4 * FRAME_SAMPLES * 2
)  # of what the speaker played, kept to find frames across blocks
_BYTES_PER_MS = RATE_HZ * 2 // 1000
_KINDS = {name: kind for kind, name in enumerate(events.NAMES)}
_ENDS = (events.RELEASED, events.REVOKED, events.LOST, events.SENT, events.DENIED)
_IN_VAIN = (events.DENIED, events.REVOKED, events.LOST)


class FirmwareNode(Node):
    """`clock`: without drift; what it shows at the first boot, the badge's own shows at each.
    `facts`: "kit", "firmware", "work" (paths) and "board". `hosts`: who may lead."""

    def __init__(
        self,
        stage: Stage,
        number: int,
        clock: LocalClock,
        facts: dict[str, Any],
        hosts: Sequence[Node],
    ) -> None:
        super().__init__(stage, number, clock)
        self.person = Person(self)
        self._facts = facts
        self._hosts = hosts
        self._badge: SteppedBadge | None = None
        self._inbox: list[tuple[bytes, tuple[str, int]]] = []
        self._commands: list[Any] = []
        self._expected: dict[bytes, int] = {}  # first samples -> frame id
        self._stream = b""
        self._stream_ms = 0.0  # when the first sample of it sounded
        self._said = (0, 0)  # utterance, and its frames so far that hold a word
        self._pcm = array("h", bytes(FRAME_SAMPLES * 2))
        self.steps = 0

    def close(self) -> None:
        """End its process."""
        if self._badge is not None:
            self._badge.kill()

    def stats(self) -> dict[str, Any]:
        """What the badge counts: heap, steps, sound lost. Empty when it never started."""
        return self._badge.stats() if self._badge is not None and self.is_up else {}

    # --- the person ---

    def press(self, lane: int = 0) -> None:
        if self.is_up:
            self._commands.append(Press())
            self._speak()
            self._go()

    def let_go(self) -> None:
        if self.is_up:
            self._commands.append(Release())
            self._go()

    def _go(self) -> None:
        if not self.is_paused:
            self.refresh()

    def _speak(self) -> None:
        """All that the person is going to say, as a sound in which no two frames are alike."""
        person = self.person
        length_ms = max(0, person.ended_us - self.stage.loop.now_us) // 1000
        samples = array("h", bytes(length_ms * _BYTES_PER_MS))
        level = 7919 * self.number + person.utterance
        for n in range(len(samples)):
            if n % 8 == 0:
                level = (level * 75 + 74) % 65537
            samples[n] = level // 8 - 4096
        self._commands.append(Speak(self.stage.loop.now_us / 1000, samples.tobytes()))

    # --- the node ---

    def boot(self, now_ms: int) -> None:
        now_us = self.stage.loop.now_us
        self._inbox.clear()
        self._commands.clear()
        self._expected.clear()
        if self._badge is not None:
            self._badge.reset(now_us / 1000)
            return
        facts = self._facts
        work = Path(facts["work"]) / f"badge-{self.number}"
        work.mkdir(parents=True, exist_ok=True)
        config = {
            "device": keys.device_of(self.number).hex(),
            "name": f"B{self.number}",
            "wifi": {"ssid": "sim", "password": ""},
            "tones": False,  # speech is measured, which they would be mixed with
        }
        device = f"02{self.number:010x}"
        seed = 1 + self.stage.prng.below(1 << 30)
        self._badge = SteppedBadge(
            Path(facts["firmware"]),
            facts["board"],
            config,
            device,
            seed,
            now_us / 1000,
            work,
            kit=Kit.load(Path(facts["kit"])),
            key=keys.device_key(keys.device_of(self.number)),
            ticks_ms=now_ms,
        )

    def power_off(self) -> None:
        self.note_talking(False)

    def lose_memory(self, sends: int) -> None:
        self._commands.append(FailSends(sends))
        self.stage.note(record.FAULT, self.number, record.NO_MEMORY, sends)

    def step_clock(self, milliseconds: int) -> None:
        """A badge's clock counts from its start; nobody can set it."""

    def take(self, data: Any, source: int, now_ms: int) -> None:
        self._inbox.append((bytes(data), (address_of(source), _PORT)))
        if data[1] == VOICE_FRAME:
            self._expect(data)

    def let_time_pass(self, now_ms: int) -> None:
        """Nothing to do: the step of `settle` does it."""

    def settle(self, now_ms: int) -> int:
        badge = self._badge
        assert badge is not None
        now_us = self.stage.loop.now_us
        stepped = badge.step(now_us / 1000, self._inbox, self._commands)
        self.steps += 1
        self._inbox.clear()
        self._commands.clear()
        for _ in range(stepped.dropped):
            self.stage.note(record.LOST, 0, self.number, record.BY_MAILBOX, b"")
        for data, destination in stepped.datagrams:
            if data[1] == VOICE_FRAME:
                self._learn(data)
            self.send(number_of(destination[0]), data)
        for sound in stepped.sounds:
            self._find(sound.at_ms, sound.pcm)
        for line in stepped.events:
            self._tell(line)
        return add(now_ms, max(1, stepped.sleep_ms))

    # --- inside ---

    def _tell(self, line: dict[str, Any]) -> None:
        kind = _KINDS.get(line.get("event", ""))
        if kind is None:
            return
        value = line["value"]
        value = tuple(value) if isinstance(value, list) else value
        self.stage.note(record.EVENT, self.number, kind, 0, value)
        if kind == events.GRANTED:
            was_waiting = self.person.is_waiting
            self.person.on_granted()
            if was_waiting and self.person.is_pressing:
                self._speak()
            self.note_talking(True)
        elif kind == events.QUEUED:
            self.person.on_queued()
        if kind in _ENDS:
            self.note_talking(False)
        if kind in _IN_VAIN:
            self.person.on_refused()

    def _learn(self, data: bytes) -> None:
        """Tell the others' coder whose the frames of its own burst are."""
        person = self.person
        data = self._opened(data)
        at = voice.FRAMES_AT
        for index in range(voice.count(data)):
            start_us = person.begun_us + (voice.first(data) + index) * FRAME_US
            content = bytes(data[at : at + ADPCM_FRAME_BYTES])
            is_silent = not any(content[4:])
            if not is_silent and start_us < person.ended_us and not self._is_known(content):
                self._say(content, start_us)
            at += ADPCM_FRAME_BYTES

    def _opened(self, data: Any) -> Any:
        """Voice with its frames readable, by the keys of whoever leads."""
        leader = leading(self._hosts).leader()
        if leader is None:
            return data
        epoch, key = leader.keys.current(voice.group(data))
        return keys.opened(data, epoch, self.stage.seal.cipher(key))

    def _is_known(self, content: bytes) -> bool:
        """The last packet of a burst is repeated."""
        frame = marker.CODER.known.get(content, -1)
        utterance = self.person.utterance % marker.UTTERANCES
        return frame >= 0 and marker.utterance_of(frame) == utterance

    def _say(self, content: bytes, start_us: int) -> None:
        utterance = self.person.utterance
        number = self._said[1] if self._said[0] == utterance else 0
        self._said = (utterance, number + 1)
        marker.CODER.known[content] = marker.frame_id(self.number, utterance, number)
        self.stage.note(record.SPOKEN, self.number, utterance, number, start_us)

    def _expect(self, data: Any) -> None:
        """A frame came: note what it will sound like."""
        data = self._opened(data)
        at = voice.FRAMES_AT
        for _ in range(voice.count(data)):
            content = bytes(data[at : at + ADPCM_FRAME_BYTES])
            marker.CODER.heard = -1
            marker.CODER.ima_decode(content, 0, self._pcm)
            frame = marker.CODER.heard
            adpcm.decode(content, 0, self._pcm)
            key = self._pcm.tobytes()[_KEY_AT : _KEY_AT + _KEY_BYTES]
            if any(key):  # silence is found everywhere
                self._expected[key] = frame
            at += ADPCM_FRAME_BYTES
        while len(self._expected) > _EXPECTED_MAX:
            del self._expected[next(iter(self._expected))]

    def _find(self, at_ms: float, pcm: bytes) -> None:
        """Which frames begin in what the speaker played."""
        end_ms = self._stream_ms + len(self._stream) / _BYTES_PER_MS
        if abs(at_ms - end_ms) > 1.0:
            self._stream = b""
            self._stream_ms = at_ms
        self._stream += pcm
        for key in list(self._expected):
            at = self._stream.find(key)
            if at >= 0 and at % 2 == 0:
                frame = self._expected.pop(key)
                sounds_us = round((self._stream_ms + (at - _KEY_AT) / _BYTES_PER_MS) * 1000)
                delay_us = sounds_us - self.stage.loop.now_us
                if marker.talker_of(frame) != marker.SILENCE:
                    self.stage.note(record.PLAYED, self.number, frame, delay_us)
        surplus = len(self._stream) - _STREAM_BYTES
        if surplus > 0:
            surplus -= surplus % 2
            self._stream = self._stream[surplus:]
            self._stream_ms += surplus / _BYTES_PER_MS


def address_of(number: int) -> str:
    """The IP address of a node of the stage."""
    return f"10.1.{number >> 8}.{number & 255}"


def number_of(address: str) -> int:
    """The node at an address; a broadcast is everybody's."""
    if address == _EVERYBODY:
        return BROADCAST
    _, _, high, low = address.split(".")
    return int(high) << 8 | int(low)
