"""The leader's process: its engine on a socket, its control socket, its log of events."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressel.errors import PresselError, UsageError
from pressel.registry.directory import RegistryDirectory
from pressel.registry.store import Registry
from pressel.soft.credential import Credential, held_credential, register
from pressel.transport.udp import Address, UdpEndpoint, engine_now_ms
from pressel.update.campaign import REASONS, Campaigner
from ptt import events
from ptt.floor.roster import GROUP_DEFAULT
from ptt.numbers import TEXT_BYTES_MAX
from ptt.secure.leader import SecureLeader
from ptt.update.distributor import STATES as UPDATE_STATES
from ptt.wire import messages

from . import control
from .event_log import stranger
from .lifeline import on_stdin_closed
from .priority import serve_first
from .snapshot import ADVICE, take_snapshot
from .term import next_term

if TYPE_CHECKING:
    from pressel.legacy.service import V1Bridge

_CAUSES = {
    0: "released",
    messages.REVOCATION_TALK_LIMIT: "talk limit",
    messages.REVOCATION_SILENT: "silent",
    messages.REVOCATION_PREEMPTED: "preempted",
    messages.REVOCATION_CALL_ENDED: "call ended",
    messages.REVOCATION_LEADER_CHANGED: "leader changed",
}

LOOK_S = 0.5  # at the registry: a badge that is revoked is out within a second

Report = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class LeaderOptions:
    """`listen`: address and UDP port (0: any); `state`: folder for what it keeps; `control`: its
    control socket (None: named after the port); `dies_with_parent`: end when stdin closes;
    `v1_bridge`: let old apps take part, `v1_rate_hz`: of their voice (None: by packet size)."""

    listen: Address
    state: Path
    control: Path | None = None
    dies_with_parent: bool = False
    v1_bridge: bool = False
    v1_rate_hz: int | None = None


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
        self._campaigner = Campaigner(options.state, self._engine, self._key_of, engine_now_ms)
        self._bridge: V1Bridge | None = None
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
        async with contextlib.AsyncExitStack() as closing:
            closing.callback(self._registry.close)
            closing.push_async_callback(self._close)
            server = await control.serve(path, self._answer)
            closing.callback(_remove, path)
            closing.callback(server.close)
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
            return self._update(request)
        raise ValueError(request["ask"])

    def _update(self, request: dict[str, Any]) -> dict[str, Any]:
        """What `pressel update` asks."""
        verb = request["do"]
        if verb == "start":
            names = ("release", "stage", "devices", "groups", "flags")
            self._campaigner.start(*(request[name] for name in names))
        elif verb == "pause":
            self._campaigner.pause("you paused it")
        elif verb == "cancel":
            self._campaigner.cancel()
        elif verb != "status":
            raise ValueError(verb)
        self._endpoint.pump()
        return self._campaigner.status()

    def _key_of(self, device: str) -> bytes | None:
        return self._directory.key(bytes.fromhex(device))

    def _status(self) -> dict[str, Any]:
        uptime_s = time.monotonic() - self._started_s
        snapshot = take_snapshot(self._engine, self._address, uptime_s, engine_now_ms())
        if self._bridge:
            snapshot.v1_clients = self._bridge.states()
            snapshot.v1_refused = self._bridge.refused()
        return snapshot.model_dump()

    def _on_event(self, kind: int, value: Any) -> None:
        name = events.NAMES[kind]
        if kind in (events.MEMBER_JOINED, events.MEMBER_LEFT):
            self._report(name, {"node": value, "name": self._name(value)})
            if kind == events.MEMBER_LEFT:
                self._names.pop(value, None)
        elif kind == events.UPDATE:
            self._on_update(*value)
        elif kind == events.OTHER_TABLE:
            self._report(name, {"advice": ADVICE[value]})
        elif kind == events.STRANGER:
            self._report(name, stranger(*value))
        elif kind == events.TEXT:
            self._report(name, {"from": value[2].decode(), "text": value[3].decode()})
        elif kind == events.RECEIPT:
            lease, listeners, heard, whole = value
            fields = {"lease": lease, "listeners": listeners, "heard": heard, "whole": whole}
            self._report(name, fields)
        elif kind == events.FLOOR_GRANTED:
            self._report(name, {"talker": self._name(value[0]), "lease": value[1]})
        elif kind == events.FLOOR_FREED:
            talker, lease, cause = value
            fields = {"talker": self._name(talker), "lease": lease, "cause": _CAUSES[cause]}
            self._report(name, fields)

    def _on_update(self, device: bytes, release: int, state: int, reason: int) -> None:
        self._campaigner.on_told(device, release, state, reason)
        fields = {"device": device.hex(), "release": release, "state": UPDATE_STATES[state]}
        if reason:
            fields["why"] = REASONS[reason]
        self._report("update", fields)

    def _name(self, node: int) -> str:
        """What people call `node`, also just after it has left."""
        member = self._engine.members.by_node(node)
        if member is not None:
            self._names[node] = member.name.decode()
        return self._names.get(node, str(node))


def _remove(control_socket: Path) -> None:
    with contextlib.suppress(OSError):
        control_socket.unlink()


def _make_bridge(own: Credential, leader: Address, rate_hz: int | None, report: Report) -> V1Bridge:
    """Imported only when it is wanted: most venues have no old apps."""
    from pressel.legacy.service import V1Bridge

    return V1Bridge(own, leader, rate_hz, report)
