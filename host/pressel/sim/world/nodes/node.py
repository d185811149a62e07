"""What every node has: a number, a clock, a mailbox, and what can happen to a machine.

Sub-classes bring the engine: `boot` makes it, `take` gives it a datagram, `settle` fetches what it
wants done. A node that is paused or busy keeps datagrams in its mailbox, as a socket does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from ptt.base.clock import NEVER, since
from ptt.base.counters import Counters
from ptt.wire import refusal

from .. import record
from ..local_clock import LocalClock
from ..stage import Stage


class Node:
    """`mailbox`: datagrams that its socket holds. `step_us`: how long it is busy with one."""

    engine: Any = None  # what it runs, of `ptt`; None: in another process, or of other kind
    is_wired = False
    is_leading = False  # now
    is_of_cluster = False  # whose leaders come and go
    is_twin = False  # a second device with another one's identity, that comes and goes
    mailbox_datagrams = 6  # lwIP's, on a badge
    step_us = 1000  # one step of the handset with a datagram: 1.5 ms at worst, in the virtual badge

    def __init__(self, stage: Stage, number: int, clock: LocalClock) -> None:
        self.stage = stage
        self._loop, self._note, self._transmit = stage.loop, stage.note, stage.send
        self.number = number
        self.clock = clock
        self.is_up = False
        self.is_paused = False
        self.is_talking = False  # a person's node: it has the floor
        self.boots = 0
        self.disk: dict[str, Any] = {}  # what outlives a restart
        self._mailbox: deque[tuple[Any, int]] = deque()
        self._busy_until_us = 0
        self._is_woken = False  # an event that empties the mailbox is on its way
        self._armed_us = -1  # of the timer event that counts; -1: none
        self._armed_ms = 0  # the same time by its own clock
        self._memory_short = 0  # sends that will fail with ENOMEM
        self._refusals: Counters | None = None  # of the engine that refused last
        self._refused: list[int] = []  # what they were then, by reason

    # --- for sub-classes to bring ---

    def boot(self, now_ms: int) -> None:
        """Make the engine anew."""
        raise NotImplementedError

    def take(self, data: Any, source: int, now_ms: int) -> None:
        """Give the engine one datagram."""
        raise NotImplementedError

    def let_time_pass(self, now_ms: int) -> None:
        """The engine's `handle_timeout`."""
        raise NotImplementedError

    def leader(self) -> Any:
        """The engine of the leader that leads here, or None."""
        return None

    def settle(self, now_ms: int) -> int:
        """Send and tell what the engine wants; returns its next timeout or `NEVER`."""
        raise NotImplementedError

    def power_off(self) -> None:
        """End what else has to end with the node."""

    def close(self) -> None:
        """The run is over: give back what the system gave."""

    # --- what the network and the world do ---

    def arrive(self, data: Any, source: int) -> None:
        """A datagram has come to the socket."""
        now_us = self._loop.now_us
        if not self.is_up:
            self._lose(data, source, record.BY_DOWN)
        elif self.is_paused or now_us < self._busy_until_us:
            if len(self._mailbox) >= self.mailbox_datagrams:
                self._lose(data, source, record.BY_MAILBOX)
                return
            self._mailbox.append((data, source))
            if not self.is_paused and not self._is_woken:
                self._is_woken = True
                self._loop.at(self._busy_until_us, self._empty_mailbox)
        else:
            self._busy_until_us = now_us + self.step_us
            now_ms = self.clock.now_ms(now_us)
            self._note(record.DELIVERED, self.number, source, len(data), data)
            self.take(data, source, now_ms)
            self._go_on(now_ms)

    def send(self, destination: int, data: Any) -> None:
        """Put a datagram on the network, unless the radio has no memory for it."""
        if self._memory_short:
            self._memory_short -= 1
            self._note(record.LOST, self.number, destination, record.BY_MEMORY, data)
            return
        self._transmit(self.number, destination, data)

    def note_refusal(self, refusals: Counters, data: Any) -> None:
        """The datagram that was just taken was not accepted; record why, by the engine's
        counters."""
        if refusals is not self._refusals:
            self._refusals = refusals
            self._refused = [0] * len(refusal.NAMES)
        for reason in range(1, len(refusal.NAMES)):
            if refusals[reason] != self._refused[reason]:
                self._refused[reason] = refusals[reason]
                self._note(record.REFUSED, self.number, reason, 0, data)

    def refresh(self) -> None:
        """Fetch what the engine wants done and set the timer."""
        self._go_on(self.clock.now_ms(self._loop.now_us))

    def _go_on(self, now_ms: int) -> None:
        due_ms = self.settle(now_ms)
        if due_ms == NEVER or (self._armed_us >= 0 and since(due_ms, self._armed_ms) >= 0):
            return
        self._armed_ms = due_ms
        due_us = self._armed_us = self.clock.world_us(due_ms, self._loop.now_us)
        self._loop.at(due_us, self._time_out, due_us)

    def now_ms(self) -> int:
        return self.clock.now_ms(self._loop.now_us)

    # --- what can happen to a machine ---

    def start(self) -> None:
        """Power on."""
        self.is_up = True
        self.boots += 1
        self._note(record.STARTED, self.number, 1 if self.boots > 1 else 0, 0)
        self.boot(self.now_ms())
        self.refresh()

    def crash(self, keeps_disk: bool = True) -> None:
        """Power off, at once."""
        if not self.is_up:
            return
        self.is_up = False
        self.is_paused = False
        self._armed_us = -1
        self._mailbox.clear()
        if not keeps_disk:
            self.disk.clear()
        self.power_off()
        self._note(record.FAULT, self.number, record.CRASHED, 1 if keeps_disk else 0)

    def pause(self) -> None:
        """It stands still: a stopped process, a collection of garbage without end."""
        if self.is_up and not self.is_paused:
            self.is_paused = True
            self._note(record.FAULT, self.number, record.PAUSED, 0)

    def resume(self) -> None:
        """It goes on, with what its socket kept."""
        if self.is_paused:
            self.is_paused = False
            self._note(record.FAULT, self.number, record.RESUMED, len(self._mailbox))
            self._empty_mailbox(None)
            self.let_time_pass(self.now_ms())
            self.refresh()

    def note_talking(self, is_talking: bool) -> None:
        """Its person has the floor, or has it no more."""
        if self.is_talking != is_talking:
            self.is_talking = is_talking
            self._note(record.TALKING, self.number, 1 if is_talking else 0, 0)

    def lose_memory(self, sends: int) -> None:
        """The next `sends` sends fail with ENOMEM."""
        self._memory_short = sends
        self._note(record.FAULT, self.number, record.NO_MEMORY, sends)

    def step_clock(self, milliseconds: int) -> None:
        """Somebody sets its clock."""
        self.clock.step(milliseconds)
        self._note(record.FAULT, self.number, record.CLOCK_STEPPED, milliseconds)
        if self.is_up:
            self._armed_us = -1
            if not self.is_paused:
                self.let_time_pass(self.now_ms())
                self.refresh()

    def slew_clock(self, drift_ppm: int) -> None:
        """Its clock runs at another speed: somebody's time service corrects it."""
        self.clock.slew(drift_ppm, self._loop.now_us)
        self._note(record.FAULT, self.number, record.SLEWED, drift_ppm)
        if self.is_up:
            self._armed_us = -1
            if not self.is_paused:
                self.refresh()

    def hinder_disk(self, lasts_us: int, is_full: bool) -> None:
        """For so long its disk takes nothing, or all of it late: of machines that have one."""

    def hinder_relay(self, lasts_us: int, *, is_lying: bool) -> None:
        """For so long it is late with what it relays, and says so or not: of standbys."""

    def kill_writing(self, lasts_us: int) -> None:
        """It is killed in the midst of its next write, if that comes within so long: of machines
        that have a disk."""

    def exhaust_heap(self) -> None:
        """No memory is left for what its next datagram asks of it: of badges."""

    def lose_no_more(self) -> None:
        """Its radio and its disk work again."""
        self._memory_short = 0

    # --- inside ---

    def _take(self, data: Any, source: int) -> None:
        now_us = self._loop.now_us
        self._busy_until_us = now_us + self.step_us
        self._note(record.DELIVERED, self.number, source, len(data), data)
        self.take(data, source, self.clock.now_ms(now_us))

    def _empty_mailbox(self, _: Any) -> None:
        self._is_woken = False
        if not self.is_up or self.is_paused:
            return
        while self._mailbox:
            data, source = self._mailbox.popleft()
            self._take(data, source)
            if not self.is_up:
                return
        self.refresh()

    def _time_out(self, due_us: int) -> None:
        if due_us != self._armed_us:
            return  # overtaken by an earlier one, or from before a restart
        self._armed_us = -1
        if self.is_up and not self.is_paused:
            self.let_time_pass(self.now_ms())
            self.refresh()

    def _lose(self, data: Any, source: int, reason: int) -> None:
        self._note(record.LOST, source, self.number, reason, data)


def leading(hosts: Sequence[Node]) -> Node:
    """The first of `hosts` that leads; the first of all while none does."""
    return next((host for host in hosts if host.is_leading), hosts[0])
