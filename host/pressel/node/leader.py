"""The leader's process: its engine on a socket, its control socket, its log of events."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressel.enrol.lines import INVITE
from pressel.enrol.server import EnrolmentServer
from pressel.errors import PresselError, UsageError
from pressel.registry.directory import RegistryDirectory
from pressel.registry.store import Registry
from pressel.soft.credential import Credential, held_credential, register
from pressel.transport.udp import Address, UdpEndpoint, engine_now_ms
from ptt.base import events
from ptt.base.numbers import TEXT_BYTES_MAX
from ptt.leader.roster import GROUP_DEFAULT
from ptt.leader.sealed import SecureLeader
from ptt.wire import messages

from . import control
from .event_log import EventLog, Report
from .lifeline import on_stdin_closed
from .priority import serve_first
from .snapshot import take_snapshot
from .term import next_term
from .updates import Updates

if TYPE_CHECKING:
    from pressel.legacy.service import V1Bridge

LOOK_S = 0.5  # at the registry: a badge that is revoked is out within a second


@dataclass(frozen=True)
class LeaderOptions:
    """`listen`: address and UDP port (0: any); `state`: folder for what it keeps; `control`: its
    control socket (None: named after the port); `dies_with_parent`: end when stdin closes;
    `v1_bridge`: let old apps take part, `v1_rate_hz`: of their voice (None: by packet size);
    `joining`: one of `pressel.enrol.desk.JOINING`."""

    listen: Address
    state: Path
    control: Path | None = None
    dies_with_parent: bool = False
    v1_bridge: bool = False
    v1_rate_hz: int | None = None
    joining: str = INVITE


class LeaderNode:
    """One leader from start to stop; `report` gets (event, fields) of everything that happens."""

    def __init__(self, options: LeaderOptions, report: Report) -> None:
        self._options = options
        self._report = report
        self._stopping = asyncio.Event()
        self._started_s = time.monotonic()
        self._registry = Registry(options.state)
        self._directory = RegistryDirectory(self._registry)
        term, seed = next_term(options.state), secrets.randbits(32)
        self._engine = SecureLeader(term, seed, self._directory, os.urandom, roster=self._directory)
        self._endpoint = UdpEndpoint(self._engine, self._on_event)
        self._log = EventLog(report, lambda: self._engine, bytes.hex)
        self._updates = Updates(options.state, lambda: self._engine, self._directory, report)
        self._enrolment = EnrolmentServer(options.state, options.joining, lambda: True, report)
        self._bridge: V1Bridge | None = None
        self._address = ""

    async def run(self) -> None:
        """Serve until a signal, or the parent, ends it."""
        serve_first()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        host, port = await self._open()
        self._address = f"{host}:{port}"
        path = self._options.control or control.control_path(port)
        async with contextlib.AsyncExitStack() as closing:
            closing.callback(self._registry.close)
            closing.push_async_callback(self._close)
            server = await control.serve(path, self._answer)
            closing.callback(_remove, path)
            closing.callback(server.close)
            await self._enrolment.open((host, port))
            closing.push_async_callback(self._enrolment.close)
            if self._options.v1_bridge:
                own = closing.enter_context(held_credential(self._options.state / "v1-bridge"))
                register(own, "v1 bridge", self._options.state)
                self._directory.refresh()
                rate_hz = self._options.v1_rate_hz
                self._bridge = _make_bridge(own, (host, port), rate_hz, self._report)
                await self._bridge.open()
            if self._options.dies_with_parent:
                on_stdin_closed(self._stopping.set)
            self._report("ready", {"address": host, "port": port, "term": self._engine.term})
            if self._bridge:
                self._report("v1_bridge", self._bridge.warning())
            self._updates.resume()
            self._endpoint.pump()
            looking = asyncio.create_task(self._look_at_registry())
            closing.callback(looking.cancel)
            await self._stopping.wait()
        self._report("stopped", {})

    async def _look_at_registry(self) -> None:
        """What the operator changes takes effect while we run."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                self._registry.forget_old()
                is_new = self._directory.refresh()
            except PresselError as error:
                self._report("registry", {"advice": str(error)})
                continue
            if is_new:
                self._engine.look_at_directory(engine_now_ms())
                self._endpoint.pump()

    async def _close(self) -> None:
        if self._bridge:
            await self._bridge.close()  # before the leader resigns: it would only search for it
        self._engine.resign(engine_now_ms())
        self._endpoint.pump()
        self._endpoint.close()

    async def _open(self) -> Address:
        host, port = self._options.listen
        try:
            return await self._endpoint.open((host, port))
        except OSError as error:
            raise UsageError(
                f"cannot listen on {host}:{port}: {error.strerror or error}. "
                "Is another leader running, or is the address not this machine's?"
            ) from error

    def _answer(self, request: dict[str, Any]) -> Any:
        """What `pressel status` and `pressel text` ask over the control socket."""
        if request["ask"] == "status":
            return self._status()
        if request["ask"] == "text":
            words = str(request["text"])
            text = words.encode()
            if not 0 < len(text) <= TEXT_BYTES_MAX or not words.isprintable():
                raise ValueError(f"a text has 1 to {TEXT_BYTES_MAX} bytes, all printable")
            operator = messages.TEXT_OPERATOR
            now_ms = engine_now_ms()
            self._engine.send_text(GROUP_DEFAULT, operator, b"operator", text, now_ms)
            self._endpoint.pump()
            return len(self._engine.members)
        if request["ask"] in ("resign", "return", "node"):
            raise UsageError("this leader is alone; `pressel node` is one that others can replace")
        if request["ask"] == "update":
            status = self._updates.answer(request)
            self._endpoint.pump()
            return status
        raise ValueError(request["ask"])

    def _status(self) -> dict[str, Any]:
        uptime_s = time.monotonic() - self._started_s
        snapshot = take_snapshot(self._engine, self._address, uptime_s, engine_now_ms())
        if self._bridge:
            snapshot.v1_clients = self._bridge.states()
            snapshot.v1_refused = self._bridge.refused()
        return snapshot.model_dump()

    def _on_event(self, kind: int, value: Any) -> None:
        if kind == events.UPDATE:
            self._updates.on_told(*value)
        else:
            self._log.on_floor(kind, value)


def _remove(control_socket: Path) -> None:
    with contextlib.suppress(OSError):
        control_socket.unlink()


def _make_bridge(own: Credential, leader: Address, rate_hz: int | None, report: Report) -> V1Bridge:
    """Imported only when it is wanted: most venues have no old apps."""
    from pressel.legacy.service import V1Bridge

    return V1Bridge(own, leader, rate_hz, report)
