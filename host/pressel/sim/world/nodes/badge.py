"""A badge of protocol v2: the participant's own engine, with a person, a microphone, a speaker."""

from __future__ import annotations

from typing import Any

from ptt.badge.floor import NO_PERMISSION
from ptt.badge.participant import Participant
from ptt.base import events
from ptt.media.playout import PLAYING, SILENT
from ptt.media.smooth_playout import SmoothPlayout
from ptt.media.time_scale import TimeScale
from ptt.wire import refusal
from ptt.wire.messages import LANE_ROUTINE

from .. import keys, record
from ..air.network import BROADCAST
from ..local_clock import LocalClock
from ..people.microphone import Microphone
from ..people.person import Person
from ..people.speaker import Speaker
from ..stage import Stage
from .node import Node

_IN_VAIN = (events.DENIED, events.REVOKED, events.LOST)  # nobody hears what is said from now on


class BadgeNode(Node):
    """`number` is 1 or more; its device identity follows from it."""

    engine: Participant

    def __init__(self, stage: Stage, number: int, clock: LocalClock, drift_ppm: int) -> None:
        super().__init__(stage, number, clock)
        self.person = Person(self)
        self.microphone = Microphone(stage, number, self.person, drift_ppm, self._hear)
        self.speaker = Speaker(stage, number, drift_ppm, self._read, self._is_expecting, self._held)
        self._accepted = 0  # datagrams, of this boot
        self._line: TimeScale | None = None  # of the smooth playout

    # --- the person ---

    def press(self, lane: int = LANE_ROUTINE) -> None:
        if self.is_up and not self.is_paused:
            self.engine.press(self.now_ms(), lane)
            self.refresh()

    def let_go(self) -> None:
        if self.is_up and not self.is_paused:
            self.engine.release(self.now_ms())
            self.refresh()

    # --- the node ---

    def boot(self, now_ms: int) -> None:
        device = keys.device_of(self.number)
        name = b"B%d" % self.number
        seed = 1 + self.stage.prng.below(1 << 30)
        seal = self.stage.seal
        key, random = keys.device_key(device), keys.chance(seed)
        hmac = seal.hmac()
        self.engine = Participant(
            device, name, b"sim", BROADCAST, seed, key, seal.cipher, random, hmac
        )
        seal.put_into_badge(self.engine, hmac)
        self.engine.address_of = _address_of
        if self.stage.is_smooth:
            ear = SmoothPlayout(self.engine.playout)
            self.engine.ear, self._line = ear, ear.line
        self._accepted = 0
        self.engine.start(now_ms)

    def power_off(self) -> None:
        self.microphone.stop()
        self.speaker.stop()
        self.note_talking(False)

    def resume(self) -> None:
        """The button is read first: what the person did meanwhile shows in its level only."""
        if self.is_paused:
            self.is_paused = False
            if not self.person.is_pressing and self.engine.floor.wants_speech():
                self.engine.release(self.now_ms())
            self.is_paused = True
        super().resume()

    def take(self, data: Any, source: int, now_ms: int) -> None:
        engine = self.engine
        engine.receive_datagram(data, source, now_ms)
        accepted = engine.refusals[refusal.ACCEPTED]
        if accepted == self._accepted:
            self.note_refusal(engine.refusals, data)
        self._accepted = accepted
        if engine.playout.state != SILENT:
            self.speaker.run()

    def let_time_pass(self, now_ms: int) -> None:
        self.engine.handle_timeout(now_ms)

    def settle(self, now_ms: int) -> int:
        engine = self.engine
        outgoing = engine.poll_transmit()
        while outgoing is not None:
            self.send(outgoing.destination, bytes(outgoing.data))
            outgoing = engine.poll_transmit()
        event = engine.next_event()
        while event is not None:
            self._tell(event[0], event[1])
            event = engine.next_event()
        floor = engine.floor
        if floor.state != NO_PERMISSION or self.is_talking:
            self.note_talking(floor.may_send())
            if floor.wants_speech():
                self.microphone.run()
        return engine.next_timeout_ms()

    # --- inside ---

    def _tell(self, kind: int, value: Any) -> None:
        self._note(record.EVENT, self.number, kind, 0, value)
        person = self.person
        if kind == events.GRANTED:
            person.on_granted()
        elif kind == events.QUEUED:
            person.on_queued()
        elif kind in _IN_VAIN:
            person.on_refused()

    def _hear(self, pcm: Any) -> bool:
        if self.is_paused:
            return True  # its DMA ring overflows
        self.engine.write_microphone(pcm, self.now_ms())
        self.refresh()
        return self.engine.floor.wants_speech()

    def _read(self) -> Any:
        if self.is_paused:
            return None
        pcm = self.engine.read_speaker(self.now_ms())
        if self.engine.playout.state != PLAYING:
            self.refresh()  # a burst that ended is reported, before more of it comes
        return pcm

    def _held(self) -> int:
        return self._line.count if self._line is not None else 0

    def _is_expecting(self) -> bool:
        return self.is_up and (self.engine.playout.state != SILENT or self._held() > 0)


def _address_of(host: bytes, port: int) -> int:
    """A host's number, as `HostNode` gives it."""
    return port - 1
