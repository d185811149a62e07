"""The leader's process: its engine on a socket, its control socket, its log of events."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.transport.udp import Address, UdpEndpoint, engine_now_ms
from ptt import events
from ptt.leader import Leader
from ptt.wire.messages import REVOCATION_SILENT, REVOCATION_TALK_LIMIT

from . import control
from .lifeline import on_stdin_closed
from .priority import serve_first
from .snapshot import take_snapshot
from .term import next_term

_CAUSES = {0: "released", REVOCATION_TALK_LIMIT: "talk limit", REVOCATION_SILENT: "silent"}

Report = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class LeaderOptions:
    """`listen`: address and UDP port (0: any); `state`: folder for what it keeps; `control`: its
    control socket (None: named after the port); `dies_with_parent`: end when stdin closes."""

    listen: Address
    state: Path
    control: Path | None = None
    dies_with_parent: bool = False


class LeaderNode:
    """One leader from start to stop; `report` gets (event, fields) of everything that happens."""

    def __init__(self, options: LeaderOptions, report: Report) -> None:
        self._options = options
        self._report = report
        self._stopping = asyncio.Event()
        self._started_s = time.monotonic()
        self._engine = Leader(next_term(options.state), secrets.randbits(32))
        self._endpoint = UdpEndpoint(self._engine, self._on_event)
        self._address = ""
        self._names: dict[int, str] = {}  # by node, for events about who has just gone

    async def run(self) -> None:
        """Serve until a signal, or the parent, ends it."""
        serve_first()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        host, port = await self._open()
        self._address = f"{host}:{port}"
        path = self._options.control or control.control_path(port)
        try:
            server = await control.serve(path, self._answer)
        except UsageError:
            self._endpoint.close()
            raise
        if self._options.dies_with_parent:
            on_stdin_closed(self._stopping.set)
        self._report("ready", {"address": host, "port": port, "term": self._engine.term})
        self._endpoint.pump()
        try:
            await self._stopping.wait()
        finally:
            server.close()
            self._endpoint.close()
            with contextlib.suppress(OSError):
                path.unlink()
            self._report("stopped", {})

    async def _open(self) -> Address:
        host, port = self._options.listen
        try:
            return await self._endpoint.open((host, port))
        except OSError as error:
            raise UsageError(
                f"cannot listen on {host}:{port}: {error.strerror or error}. "
                "Is another leader running, or is the address not this machine's?"
            ) from error

    def _answer(self, word: str) -> dict[str, Any]:
        if word != "status":
            raise ValueError(word)
        uptime_s = time.monotonic() - self._started_s
        snapshot = take_snapshot(self._engine, self._address, uptime_s, engine_now_ms())
        return snapshot.model_dump()

    def _on_event(self, kind: int, value: Any) -> None:
        name = events.NAMES[kind]
        if kind in (events.MEMBER_JOINED, events.MEMBER_LEFT):
            self._report(name, {"node": value, "name": self._name(value)})
            if kind == events.MEMBER_LEFT:
                self._names.pop(value, None)
        elif kind == events.FLOOR_GRANTED:
            self._report(name, {"talker": self._name(value[0]), "lease": value[1]})
        elif kind == events.FLOOR_FREED:
            talker, lease, cause = value
            fields = {"talker": self._name(talker), "lease": lease, "cause": _CAUSES[cause]}
            self._report(name, fields)

    def _name(self, node: int) -> str:
        """What people call `node`, also just after it has left."""
        member = self._engine.members.by_node(node)
        if member is not None:
            self._names[node] = member.name.decode()
        return self._names.get(node, str(node))
