"""The leader's port for enrolments: TCP, with the number that badges use for UDP.

Strangers may connect, so everything that they can fill has a limit. Slow work, agreeing on keys and
writing the registry, is done where the registry is: voice does not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from pressel.errors import PresselError, UnreachableError
from pressel.registry.device import PENDING
from pressel.registry.store import Registry
from pressel.transport.udp import Address, engine_now_ms
from ptt.leader.budget import Budget

from . import lines
from .desk import Conversation, Enrolled, RefusedError
from .ways import ALLOWLIST

CONNECTIONS_MAX = 8  # at once: each is one newcomer for some 50 ms; the kernel lets others wait
CONNECTIONS_OF_ONE_MAX = 2  # from one address, so that one stranger does not take them all
LINE_LIMIT_S = 5.0  # to send a line, over the worst Wi-Fi that still works
ACCEPTS_PER_S = 20  # a flood of connections waits in the kernel, where it costs us nothing
PER_S = 2  # conversations that begin; each takes about 15 ms of computing
BURST = 12  # a dozen badges that are flashed before lunch

T = TypeVar("T")
Report = Callable[[str, dict[str, Any]], None]


class Work(Protocol):
    """Gives its argument the registry, outside the event loop; what comes of it."""

    async def __call__(self, act: Callable[[Registry], T], /) -> T: ...


class EnrolmentServer:
    """`joining`: one of `ways.JOINING`; `is_leading`: whether this host may let anybody in now;
    `read` and `write` do work with the registry, and what was written holds when the next host
    leads, too: else UnreachableError."""

    def __init__(
        self,
        joining: str,
        is_leading: Callable[[], bool],
        read: Work,
        write: Work,
        report: Report,
    ) -> None:
        self._joining = joining
        self._read = read
        self._write = write
        self._is_leading = is_leading
        self._report = report
        self._accepted = Budget(ACCEPTS_PER_S, ACCEPTS_PER_S)
        self._begun = Budget(PER_S, BURST)
        self._free = asyncio.Semaphore(CONNECTIONS_MAX)
        self._open: Counter[str] = Counter()  # connections by address
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, address: Address) -> None:
        """Listen, unless nobody is let in this way. A taken port is reported, and the venue runs
        without this one."""
        if self._joining == ALLOWLIST:
            return
        try:
            listener = socket.create_server(address, backlog=CONNECTIONS_MAX)
        except OSError as error:
            reason = error.strerror or str(error)
            advice = f"devices cannot join by code or approval: TCP port {address[1]}: {reason}"
            self._report("enrolment_off", {"advice": advice})
            return
        listener.setblocking(False)
        self._begin(self._accept(listener))

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                await self._free.acquire()
                while not self._accepted.take(engine_now_ms()):
                    await asyncio.sleep(1 / ACCEPTS_PER_S)
                try:
                    connection, peer = await loop.sock_accept(listener)
                except OSError:  # it went away while it waited, or we have no more handles
                    self._free.release()
                    continue
                self._begin(self._serve(connection, peer[0]))

    async def _serve(self, connection: socket.socket, host: str) -> None:
        is_many = self._open[host] >= CONNECTIONS_OF_ONE_MAX
        self._open[host] += 1
        try:
            reader, writer = await asyncio.open_connection(
                sock=connection, limit=lines.LINE_BYTES_MAX
            )
            try:
                await self._answer(reader, writer, is_many)
            finally:
                writer.close()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # it went away, is too slow, or speaks something else
        finally:
            self._open[host] -= 1
            self._open += Counter()  # without those at zero
            self._free.release()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_many: bool
    ) -> None:
        """A whole conversation, or why there is none."""
        try:
            if is_many:
                raise RefusedError("busy")
            await self._converse(reader, writer)
        except RefusedError as refused:
            _write(writer, lines.Refusal(refused=refused.reason).model_dump_json())
        except PresselError as error:
            self._report("enrolment", {"advice": str(error)})
            _write(writer, lines.Refusal(refused="failed").model_dump_json())

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await _read(reader)
        if not self._is_leading():
            raise RefusedError("elsewhere")
        if not self._begun.take(engine_now_ms()):
            raise RefusedError("busy")
        conversation = Conversation(self._joining)
        _write(writer, await self._read(lambda registry: conversation.on_question(registry, line)))
        asked = await _read(reader)
        try:
            reply, enrolled = await self._write(
                lambda registry: conversation.on_request(registry, asked)
            )
        except UnreachableError:
            raise RefusedError("elsewhere") from None
        _write(writer, reply)
        self._tell(enrolled)
        with contextlib.suppress(OSError):
            await writer.drain()

    def _tell(self, enrolled: Enrolled) -> None:
        fields = {"device": enrolled.device, "name": enrolled.name}
        if enrolled.state == PENDING:
            code = enrolled.check_code
            advice = f"compare the code that it shows, then run: pressel device approve {code}"
            self._report("waits", {**fields, "code": code, "advice": advice})
        else:
            self._report("enrolled", fields)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """One line; ValueError when it is too long."""
    async with asyncio.timeout(LINE_LIMIT_S):
        line = await reader.readline()
    if not line.endswith(b"\n"):
        raise asyncio.IncompleteReadError(line, None)
    return line


def _write(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(line.encode() + b"\n")
