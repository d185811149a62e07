"""The old app as a node: everybody connected to everybody, the floor by announcement.

On a press it says TAKEN to all, waits 180 ms, then sends 20 ms of PCM at a time to each peer; an
app that saw TAKEN blocks its own button until RELEASED. Nothing arbitrates. What arrives is played
as it comes, through one audio track, whoever said it.

Simplified: peers know each other's address from the start (mDNS is not on trial here), and there is
one connection a pair in place of two.
"""

from __future__ import annotations

import struct
from typing import Any

from ptt.base import events
from ptt.base.clock import NEVER

from .. import record
from ..local_clock import LocalClock
from ..people import marker
from ..people.microphone import DMA_BLOCK_US, Microphone
from ..people.person import FRAME_US, Person
from ..stage import Stage
from . import legacy_stream
from .legacy_stream import RESET, SYN, SYN_ACK, Stream
from .node import Node

GUARD_US = 180_000  # from TAKEN to the first voice
PING_US = 5_000_000
STALE_US = 6_000_000  # silent for 5 s, looked at once a second
BURST_END_US = 650_000  # without voice: the burst is over
_LOOK_US = 1_000_000
_TRACK_US = 40_000  # an audio track starts when two frames are in it
_TRACK_MAX_US = 500_000  # its writer blocks beyond; what comes then is dropped in the socket

_PCM_BYTES = 640  # 20 ms of 16-bit samples at 16 kHz
_VOICE = b"\x01"
_PING, _PONG = b"ping", b"pong"
_TAKEN, _RELEASED = b"__PTT_FLOOR__:TAKEN", b"__PTT_FLOOR__:RELEASED"
_REST = bytes(_PCM_BYTES - 8)


class LegacyNode(Node):
    """A phone: its sockets hold plenty, and it is never busy for long."""

    mailbox_datagrams = 1024
    step_us = 0

    def __init__(self, stage: Stage, number: int, clock: LocalClock, drift_ppm: int) -> None:
        super().__init__(stage, number, clock)
        self.person = Person(self)
        self.microphone = Microphone(stage, number, self.person, drift_ppm, self._hear)
        self.streams: dict[int, Stream] = {}  # by peer, connected or being connected
        self._takers: set[int] = set()  # peers that hold the floor, as they said
        self._is_pressing = False
        self._presses = 0
        self._track_end_us = 0  # when the audio track runs dry
        self._voice_us: dict[int, int] = {}  # talker -> when its voice last came
        self._is_member = False

    # --- the person ---

    def press(self, lane: int = 0) -> None:
        if not self.is_up or self.is_paused:
            return
        if self._takers:
            self._event(events.DENIED, 0)
            self.person.on_refused()
            return
        self._is_pressing = True
        self._presses += 1
        self._tell_all(_TAKEN)
        self.microphone.run()
        loop = self.stage.loop
        loop.at(loop.now_us + GUARD_US, self._guard_over, self._presses)

    def let_go(self) -> None:
        if not self._is_pressing:
            return
        self._is_pressing = False
        self._tell_all(_RELEASED)
        self.note_talking(False)

    def _guard_over(self, press: int) -> None:
        if self.is_up and self._is_pressing and press == self._presses:
            self.note_talking(True)
            self._event(events.GRANTED, press)
            self.person.on_granted()

    # --- the node ---

    def boot(self, now_ms: int) -> None:
        for peer in range(1, self.stage.participants + 1):
            if peer != self.number:
                self._connect(peer)
        loop = self.stage.loop
        loop.at(loop.now_us + _LOOK_US, self._look, self.boots)
        loop.at(loop.now_us + PING_US, self._ping, self.boots)

    def power_off(self) -> None:
        self.microphone.stop()
        self.streams.clear()
        self._takers.clear()
        self._is_pressing = False
        self._is_member = False
        self.note_talking(False)

    def take(self, data: Any, source: int, now_ms: int) -> None:
        kind, connection, seq, ack, message = legacy_stream.decode(data)
        stream = self.streams.get(source)
        if kind == SYN:
            self._on_syn(source, connection)
        elif kind == SYN_ACK:
            if stream is not None and stream.connection == connection:
                if not stream.is_open:
                    stream.measure(self.stage.loop.now_us - stream.heard_us)
                self._open(stream)
        elif kind == RESET:
            if stream is not None and stream.connection == connection:
                self._close(stream)
        elif stream is None or stream.connection != connection:
            self._send(source, RESET, connection, 0, 0, b"")
        else:
            self._open(stream)
            stream.on_segment(kind, seq, ack, message)

    def let_time_pass(self, now_ms: int) -> None:
        """Its timers are the loop's."""

    def settle(self, now_ms: int) -> int:
        return NEVER

    # --- connections ---

    def has(self, stream: Stream) -> bool:
        """False when the connection is over, or the phone stands still."""
        return self.is_up and not self.is_paused and self.streams.get(stream.peer) is stream

    def send_segment(self, stream: Stream, kind: int, seq: int, ack: int, message: bytes) -> None:
        self._send(stream.peer, kind, stream.connection, seq, ack, message)

    def _send(
        self, peer: int, kind: int, connection: int, seq: int, ack: int, message: bytes
    ) -> None:
        self.send(peer, legacy_stream.encode(kind, connection, seq, ack, message))

    def _connect(self, peer: int) -> None:
        connection = self.stage.prng.below(1 << 16)
        self.streams[peer] = Stream(self, peer, connection, self._on_message)
        self._send(peer, SYN, connection, 0, 0, b"")

    def _on_syn(self, peer: int, connection: int) -> None:
        """Both may call at once: the lower number's call counts."""
        stream = self.streams.get(peer)
        is_calling = stream is not None and not stream.is_open
        if is_calling and self.number < peer:
            return
        if stream is None or stream.connection != connection:
            self._takers.discard(peer)
            stream = self.streams[peer] = Stream(self, peer, connection, self._on_message)
        self._send(peer, SYN_ACK, connection, 0, 0, b"")
        self._open(stream)

    def _open(self, stream: Stream) -> None:
        if stream.is_open:
            return
        stream.is_open = True
        stream.heard_us = self.stage.loop.now_us
        if not self._is_member:
            self._is_member = True
            self._event(events.JOINED, stream.peer)
        if self._is_pressing:
            stream.send(_TAKEN)

    def _close(self, stream: Stream) -> None:
        del self.streams[stream.peer]
        self._takers.discard(stream.peer)
        if self._is_member and not any(each.is_open for each in self.streams.values()):
            self._is_member = False
            self._event(events.LOST, 0)

    def _look(self, boot: int) -> None:
        """Once a second: close silent connections, and call missing peers again."""
        if not self.is_up or boot != self.boots:
            return
        loop = self.stage.loop
        loop.at(loop.now_us + _LOOK_US, self._look, boot)
        if self.is_paused:
            return
        for peer in range(1, self.stage.participants + 1):
            stream = self.streams.get(peer)
            if peer == self.number:
                continue
            if stream is None:
                self._connect(peer)
            elif not stream.is_open:
                self._send(peer, SYN, stream.connection, 0, 0, b"")  # TCP repeats it after 1 s
            elif loop.now_us - stream.heard_us > STALE_US:
                self._close(stream)

    def _ping(self, boot: int) -> None:
        if self.is_up and boot == self.boots:
            loop = self.stage.loop
            loop.at(loop.now_us + PING_US, self._ping, boot)
            if not self.is_paused:
                self._tell_all(_PING)

    # --- messages ---

    def _tell_all(self, message: bytes) -> None:
        for peer in sorted(self.streams):
            stream = self.streams[peer]
            if stream.is_open:
                stream.send(message)

    def _on_message(self, peer: int, message: bytes) -> None:
        if message[:1] == _VOICE:
            self._on_voice(peer, message)
        elif message == _PING:
            self.streams[peer].send(_PONG)
        elif message == _TAKEN:
            self._takers.add(peer)
            self._event(events.TAKEN, (peer, 0))
        elif message == _RELEASED:
            self._takers.discard(peer)
            if not self._takers:
                self._event(events.IDLE, 0)

    def _on_voice(self, talker: int, message: bytes) -> None:
        now_us = self.stage.loop.now_us
        others = [at_us for who, at_us in self._voice_us.items() if who != talker]
        if others and now_us - max(others) < 2 * FRAME_US:
            self.stage.note(record.HEARD_TWO, self.number, FRAME_US, 0)
        if now_us - self._voice_us.get(talker, -BURST_END_US) >= BURST_END_US:
            self._event(events.HEARING, (talker, 0))
        self._voice_us[talker] = now_us
        if self._track_end_us - now_us > _TRACK_MAX_US:
            return
        if self._track_end_us < now_us:
            self._track_end_us = now_us + _TRACK_US
        delay_us = self._track_end_us - now_us + DMA_BLOCK_US
        self._track_end_us += FRAME_US
        (frame,) = struct.unpack_from(">q", message, 1)
        if marker.talker_of(frame) != marker.SILENCE:
            self.stage.note(record.PLAYED, self.number, frame, delay_us)

    # --- voice ---

    def _hear(self, pcm: Any) -> bool:
        """Speech before the end of the guard time goes to nobody."""
        if not self.is_talking or self.is_paused:
            return self._is_pressing
        frame = pcm[0] << 24 | pcm[1] << 12 | pcm[2]
        message = _VOICE + struct.pack(">q", frame) + _REST
        self._tell_all(message)
        return True

    def _event(self, kind: int, value: Any) -> None:
        self.stage.note(record.EVENT, self.number, kind, 0, value)
