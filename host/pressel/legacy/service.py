"""The bridge as the leader runs it: one engine with its UDP socket, TCP server and mDNS."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import secrets
from collections.abc import Callable
from typing import Any

from pressel import __version__
from pressel.audio.codecs import equip
from pressel.block_cipher import BlockCipher
from pressel.soft.credential import Credential
from pressel.transport.udp import Address, UdpEndpoint, engine_now_ms
from ptt.badge.participant import Participant
from ptt.base import clock
from ptt.keyboard.text_sender import TextSender

from . import press
from .app import BRIDGE_PREFIX, App
from .bridge import Bridge
from .client import Client
from .directory import Directory
from .discovery import Discovery
from .server import Server
from .state import INSECURE, V1ClientState

NAME = "v1 bridge"  # to badges and to old apps
_BUILD_BYTES_MAX = 16

Tell = Callable[[str, dict[str, Any]], None]


class V1Bridge:
    """A participant, by the credential `own`, of the leader at `leader`. Old apps reach it at the
    same address: 0.0.0.0 is the whole network, a loopback address this machine alone.

    `rate_hz`: of the apps' voice, None: known from the size of their packets."""

    def __init__(self, own: Credential, leader: Address, rate_hz: int | None, tell: Tell) -> None:
        self._v1_device = BRIDGE_PREFIX + own.device.hex()[:8]
        self._host = leader[0]
        self._port = 0
        self._tell = tell
        build = f"v1 {__version__}"[:_BUILD_BYTES_MAX].encode()
        participant = Participant(
            own.device,
            NAME.encode(),
            build,
            _reachable(leader),
            secrets.randbits(30),
            own.key,
            BlockCipher,
            os.urandom,
        )
        TextSender(participant)
        equip(participant)
        self._engine = Bridge(participant, Directory(self._may_reach), self, rate_hz)
        self._endpoint = UdpEndpoint(self._engine, lambda kind, value: None)
        self._server = Server(self._engine, self._endpoint.pump)
        self._discovery = Discovery(self._found, self._engine.lost)
        self._announcing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Serve; the announcement follows. Raises UsageError when no port is free."""
        self._port = self._server.open(self._host)
        await self._endpoint.open((self._host, 0))
        self._engine.start(engine_now_ms())
        self._endpoint.pump()
        self._announcing = asyncio.create_task(self._announce())

    async def close(self) -> None:
        """Safe to call whatever happened before."""
        if self._announcing is not None:
            self._announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._announcing
        self._server.close()
        self._endpoint.close()
        await self._discovery.close()

    def warning(self) -> dict[str, Any]:
        """What whoever starts the bridge must know."""
        return {"port": self._port, "insecure": INSECURE}

    def states(self) -> list[V1ClientState]:
        """The connected apps, in the order of connecting."""
        now_ms = engine_now_ms()
        return [
            V1ClientState(
                name=client.name,
                address=client.address,
                device=client.app.device if client.app else None,
                press=press.STATES[client.press.state],
                silent_ms=clock.since(now_ms, client.heard_ms),
                voice_dropped=client.backlog.voice_dropped,
            )
            for client in self._engine.clients.values()
        ]

    def refused(self) -> dict[str, int]:
        """What was not taken since the start, by reason."""
        return dict(self._engine.refused)

    # --- what the engine needs done ---

    def flush(self, client: Client) -> None:
        self._server.flush(client)

    def close_connection(self, client: Client) -> None:
        self._server.close_connection(client)

    def connect(self, app: App) -> None:
        self._server.connect(app)

    def tell(self, event: str, fields: dict[str, Any]) -> None:
        self._tell(event, fields)

    # --- discovery ---

    async def _announce(self) -> None:

        def tell(reason: str) -> None:
            self._tell("v1_not_announced", {"reason": reason, "port": self._port})

        await self._discovery.keep(self._host, self._port, NAME, self._v1_device, tell)

    def _found(self, app: App) -> None:
        self._engine.found(app, engine_now_ms())
        self._endpoint.pump()

    def _may_reach(self, address: str) -> bool:
        """Only this network: anybody can announce any address."""
        with contextlib.suppress(ValueError):
            found = ipaddress.ip_address(address)
            if ipaddress.ip_address(self._host).is_loopback:
                return found.is_loopback
            return found.is_private and not found.is_loopback
        return False


def _reachable(leader: Address) -> Address:
    """A leader that listens on every address is reached at this machine's own."""
    host, port = leader
    return ("127.0.0.1" if host == "0.0.0.0" else host), port
