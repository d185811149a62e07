"""A badge of protocol v2: the participant's own engine, with a person, a microphone, a speaker."""

from __future__ import annotations

from typing import Any

from ptt.badge.floor import NO_PERMISSION
from ptt.badge.participant import Participant
from ptt.base import events
from ptt.base.clock import NEVER
from ptt.media.playout import PLAYING, SILENT
from ptt.media.smooth_playout import SmoothPlayout
from ptt.media.time_scale import TimeScale
from ptt.multicast.listener import Listener
from ptt.relayed.ear import Ear
from ptt.wire import refusal
from ptt.wire.messages import LANE_ROUTINE

from .. import keys, record
from ..air.network import BROADCAST
from ..late import age_badge
from ..local_clock import LocalClock
from ..people.microphone import Microphone
from ..people.person import Person
from ..people.speaker import Speaker
from ..stage import Stage
from .node import Node

_REBOOT_US = (1_000_000, 3_000_000)  # of a badge's firmware, until it looks for a leader
_IN_VAIN = (events.DENIED, events.REVOKED, events.LOST)  # nobody hears what is said from now on


class BadgeNode(Node):
    """`number` is 1 or more; its device identity follows from it."""

    engine: Participant

    def __init__(self, stage: Stage, number: int, clock: LocalClock, drift_ppm: int) -> None:
        super().__init__(stage, number, clock)
        self.person = Person(self)
        self.microphone = Microphone(stage, number, self.person, drift_ppm, self._hear)
        held = self._held if stage.is_smooth else None
        self.speaker = Speaker(stage, number, drift_ppm, self._read, self._is_expecting, held)
        self._accepted = 0  # datagrams, of this boot
        self._heap_ends = False  # with the next datagram
        self.is_twin = number == stage.twin
        self._device = keys.device_of(stage.twin_of if self.is_twin else number)
        self._line: TimeScale | None = None  # of the smooth playout
        self._ears: Listener | None = None  # where it hears multicast
        self._relayed: Ear | None = None  # where it hears relays
        self._is_in_group = False

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
        device = self._device
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
        if self.stage.is_late:
            age_badge(self.engine)
        if self.stage.is_smooth:
            ear = SmoothPlayout(self.engine.playout)
            self.engine.ear, self._line = ear, ear.line
        if self.stage.hears_many:
            self._ears = Listener(self.engine)
        if self.stage.hears_relays:
            self._relayed = Ear(self.engine, self._ears)
        self._accepted = 0
        self.engine.start(now_ms)

    def power_off(self) -> None:
        if self._is_in_group:
            self._is_in_group = False
            self.stage.network.listen_for_many(self.number, False)
        self.microphone.stop()
        self.speaker.stop()
        self.note_talking(False)

    def resume(self) -> None:
        """The button is read first: what the person did meanwhile shows in its level only."""
        if self.is_paused:
            self.is_paused = False
            if not self.person.is_pressing and self.engine.floor.state != NO_PERMISSION:
                self.engine.release(self.now_ms())
            self.is_paused = True
        super().resume()

    def take(self, data: Any, source: int, now_ms: int) -> None:
        engine = self.engine
        (self._relayed or self._ears or engine).receive_datagram(data, source, now_ms)
        accepted = engine.refusals[refusal.ACCEPTED]
        if accepted == self._accepted:
            self.note_refusal(engine.refusals, data)
        self._accepted = accepted
        if self._heap_ends:
            self._reboot()
        elif engine.playout.state != SILENT:
            self.speaker.run()

    def let_time_pass(self, now_ms: int) -> None:
        self.engine.handle_timeout(now_ms)

    def exhaust_heap(self) -> None:
        """The engine has taken its next datagram, and has no memory for what follows from it."""
        self._heap_ends = self.is_up

    def lose_no_more(self) -> None:
        super().lose_no_more()
        self._heap_ends = False

    def settle(self, now_ms: int) -> int:
        if not self.is_up:
            return NEVER
        engine = self.engine
        outgoing = engine.poll_transmit()
        while outgoing is not None:
            self.send(outgoing.destination, bytes(outgoing.data))
            outgoing = engine.poll_transmit()
        event = engine.next_event()
        while event is not None:
            self._tell(event[0], event[1])
            event = engine.next_event()
        if self._ears is not None and (self._ears.place is not None) != self._is_in_group:
            self._is_in_group = self._ears.place is not None
            self.stage.network.listen_for_many(self.number, self._is_in_group)
        floor = engine.floor
        if floor.state != NO_PERMISSION or self.is_talking:
            self.note_talking(floor.may_send())
            if floor.wants_speech():
                self.microphone.run()
        return engine.next_timeout_ms()

    # --- inside ---

    def _reboot(self) -> None:
        """The firmware crashes, and starts anew."""
        self._heap_ends = False
        self._note(record.FAULT, self.number, record.HEAP_EXHAUSTED, 0)
        self.crash()
        low_us, high_us = _REBOOT_US
        delay_us = low_us + self.stage.prng.below(high_us - low_us)
        self._loop.at(self._loop.now_us + delay_us, self._rebooted, self.boots)

    def _rebooted(self, boots: int) -> None:
        if not self.is_up and boots == self.boots:
            self._note(record.FAULT, self.number, record.RESTARTED, 0)
            self.start()

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
