"""One connection to the console: how long a request may take to arrive and an answer to be taken,
and how many one address may have. Anybody can open connections, and each takes one of few places.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVAL_S = 15.0  # for a request of 32 KB, head and body: a bad radio has 20 kbit/s
TAKEN_S = 60.0  # for the 64 KB that wait for a reader: a bad radio takes 26 s
REFUSED_MAX = 16  # of those for whom there is no place, are told so at once; others are cut off
CLIENTS_AN_ADDRESS_MAX = 64  # a third of all; a browser opens six, and some may share an address

_WHOLE = (h11.DONE, h11.MUST_CLOSE)


class Line(H11Protocol):
    """As uvicorn has it, and it ends when what began to come does not come whole in time, or the
    other side takes nothing: a browser that is frozen, or reads a byte now and then. An answer may
    last: then whoever makes it waits, and no more of it is made than waits here."""

    _deadline: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None  # runs while more waits than should

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        places = (self.limit_concurrency or 0) + REFUSED_MAX
        host = self.client[0] if self.client else None
        if len(self.connections) > places or self.count_of(host) > CLIENTS_AN_ADDRESS_MAX:
            transport.abort()
        else:
            self._wait()

    def count_of(self, host: str | None) -> int:
        """How many of these lines are of this address."""
        clients = [getattr(each, "client", None) for each in self.connections]
        return sum(client is not None and client[0] == host for client in clients)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        is_ours = self.transport.get_protocol() is self  # else it talks on, see `talk`
        if not is_ours or self.conn.their_state in _WHOLE:
            self._end_wait()
        elif self._deadline is None:
            self._wait()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(TAKEN_S, self._drop)

    def resume_writing(self) -> None:
        self._end_taking()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_wait()
        self._end_taking()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked; who does not take the last answer either is not waited for."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(ARRIVAL_S, self.transport.abort)

    def _drop(self) -> None:
        host = self.client[0] if self.client else "?"
        self.logger.warning(
            "a browser at %s has taken nothing for %.0f s, and is dropped", host, TAKEN_S
        )
        self.transport.abort()

    def _end_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _end_wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
