"""The leader box: the leader's own engine, on the wire, with a term that its disk remembers."""

from __future__ import annotations

from typing import Any

from ptt.leader.leader import Leader
from ptt.wire import refusal

from .. import keys, record
from ..air.network import MANY
from ..late import age_leader
from ..local_clock import LocalClock
from ..stage import Stage
from .node import Node

_BOOTED_S = 60_000_000  # seconds since 2025 when a run begins: a term without a disk starts there


class LeaderNode(Node):
    """A host with a large socket buffer that is never busy for long."""

    is_wired = True
    mailbox_datagrams = 4096  # 212,992 bytes of Linux, at some 50 bytes of bookkeeping and more
    step_us = 0
    engine: Leader

    def __init__(self, stage: Stage, number: int, clock: LocalClock) -> None:
        super().__init__(stage, number, clock)
        self._accepted = 0

    def boot(self, now_ms: int) -> None:
        seconds = _BOOTED_S + self.stage.loop.now_us // 1_000_000
        term = max(self.disk.get("term", 0) + 1, seconds)
        self.disk["term"] = term
        seed = 1 + self.stage.prng.below(1 << 30)
        seal = self.stage.seal.for_leader()
        self.engine = Leader(
            term, seed, keys.Everybody(), keys.chance(seed), **self.stage.orders(), **seal
        )
        self.engine.voice.multicast.address_of = to_many
        if self.stage.is_late:
            age_leader(self.engine, keys.chance(seed))
        self._accepted = 0

    def take(self, data: Any, source: int, now_ms: int) -> None:
        engine = self.engine
        engine.receive_datagram(data, source, now_ms)
        accepted = engine.refusals[refusal.ACCEPTED]
        if accepted == self._accepted:
            self.note_refusal(engine.refusals, data)
        self._accepted = accepted

    @property
    def is_leading(self) -> bool:
        return self.is_up

    def leader(self) -> Leader:
        return self.engine

    def let_time_pass(self, now_ms: int) -> None:
        self.engine.handle_timeout(now_ms)

    def settle(self, now_ms: int) -> int:
        engine = self.engine
        outgoing = engine.poll_transmit()
        while outgoing is not None:
            self.send(outgoing.destination, outgoing.data)
            outgoing = engine.poll_transmit()
        event = engine.next_event()
        while event is not None:
            self.stage.note(record.EVENT, self.number, event[0], 0, event[1])
            event = engine.next_event()
        return engine.next_timeout_ms()

    def resign(self) -> None:
        """Stop in good order: members are told."""
        if self.is_up:
            self.engine.resign(self.now_ms())
            self.refresh()
            self.crash()


def to_many(host: bytes, port: int) -> int:
    """The one multicast address of the simulated network."""
    return MANY
