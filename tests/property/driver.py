"""Calls an engine as an adapter would; watches that it counts each datagram and never hurries."""

from __future__ import annotations

from typing import Any

from ptt.base import clock
from ptt.wire import envelope, refusal

STARTS_MS = (0, 5000, (1 << 29) - 700, (1 << 29) + 5000, (1 << 30) - 700)


class Driver:
    """An engine under a clock. `sent` collects (data, destination), `told` (kind, value)."""

    def __init__(self, engine: Any, now_ms: int) -> None:
        self.engine = engine
        self.now_ms = now_ms
        self.received = 0

    def receive(self, data: bytes, source: Any) -> int:
        """Hand in a datagram; returns the reason that it was counted under."""
        before = [self.engine.refusals[reason] for reason in range(len(refusal.NAMES))]
        self.engine.receive_datagram(data, source, self.now_ms)
        after = [self.engine.refusals[reason] for reason in range(len(refusal.NAMES))]
        counted = [reason for reason, count in enumerate(after) if count != before[reason]]
        assert len(counted) == 1, "every datagram is counted once"
        assert after[counted[0]] == before[counted[0]] + 1
        return counted[0]

    def drain(self) -> tuple[list[tuple[bytes, Any]], list[tuple[int, Any]]]:
        sent, told = [], []
        while (outgoing := self.engine.poll_transmit()) is not None:
            data = bytes(outgoing.data)
            assert envelope.check_whole(data) == refusal.ACCEPTED
            sent.append((data, outgoing.destination))
        while (event := self.engine.next_event()) is not None:
            told.append(event)
        return sent, told

    def is_due(self) -> bool:
        due_ms = self.engine.next_timeout_ms()
        return due_ms != clock.NEVER and clock.since(self.now_ms, due_ms) >= 0

    def pass_time(self, milliseconds: int) -> None:
        self.now_ms = clock.add(self.now_ms, milliseconds)
        self.engine.handle_timeout(self.now_ms)

    def sleep(self) -> None:
        """Wait until the engine wants to be called, as every adapter does."""
        due_ms = self.engine.next_timeout_ms()
        if due_ms != clock.NEVER:
            self.now_ms = clock.add(self.now_ms, max(0, clock.since(due_ms, self.now_ms)))
        self.engine.handle_timeout(self.now_ms)

    def check_progress(self) -> None:
        """What was due is done: an adapter that sleeps until the next time does not spin."""
        self.engine.handle_timeout(self.now_ms)
        assert not self.is_due(), "handle_timeout left something that is due"
