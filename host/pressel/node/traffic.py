"""What the engine of a host brings about: what it writes, sends and tells, and when it is due."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pressel.errors import PresselError
from pressel.transport.udp import engine_now_ms
from ptt.base import clock
from ptt.host import Host

from .others import OtherHosts
from .sockets import CopiesSender, Port, Timer
from .standbys import Standbys
from .term import store_record


class Traffic:
    """`host` is the engine, whose record is in the folder `state`; `badges` is the socket to them,
    `copier` sends many copies at once; `tell` says what has happened; `fail` is
    called when the host must not go on."""

    def __init__(
        self,
        host: Host,
        others: OtherHosts,
        badges: Port,
        copier: CopiesSender,
        standbys: Standbys,
        state: Path,
        tell: Callable[[], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._host = host
        self._others = others
        self._badges = badges
        self._copier = copier
        self._standbys = standbys
        self._state = state
        self._tell = tell
        self._fail = fail
        self._timer = Timer(self.on_time)

    def close(self) -> None:
        """Nothing is due any more."""
        self._timer.set(None)

    def on_time(self) -> None:
        now_ms = engine_now_ms()
        self._host.handle_timeout(now_ms)
        self._others.handle_timeout(now_ms)
        self.settle()

    def after_badges(self) -> bool:
        """All that badges have sent for now has been read."""
        if self._timer.is_late:  # under a flood they keep the event loop busy
            self._host.handle_timeout(engine_now_ms())
        self.settle()
        return True

    def settle(self) -> None:
        """Write, send, tell, and set the timer, until nothing is left to do."""
        is_moving = True
        while is_moving:
            now_ms = engine_now_ms()
            is_moving = self._store(now_ms) | self._carry(now_ms)
            self._tell()
        self._standbys.look()
        due_ms = clock.earliest(self._host.next_timeout_ms(), self._others.next_timeout_ms())
        wait_ms = None if due_ms == clock.NEVER else clock.since(due_ms, engine_now_ms())
        self._timer.set(wait_ms)

    # --- inside ---

    def _store(self, now_ms: int) -> bool:
        record = self._host.poll_store()
        if record is None:
            return False
        try:
            store_record(self._state, record)
        except PresselError as error:  # who cannot write a vote down must not give one
            self._fail(error)
            return False
        self._host.on_stored(record, now_ms)
        return True

    def _send_to_badges(self) -> None:
        while True:
            if (copies := self._host.poll_copies()) is not None:
                self._badges.send_copies(self._copier, copies)
            elif (outgoing := self._host.poll_transmit()) is not None:
                self._badges.send(bytes(outgoing.data), outgoing.destination)
            else:
                return

    def _carry(self, now_ms: int) -> bool:
        self._send_to_badges()
        while (outgoing := self._host.poll_host()) is not None:
            self._others.send(outgoing.destination, bytes(outgoing.data), now_ms)
        return self._others.carry(now_ms)
