"""Old apps at a host: the v1 bridge is open while this host leads, and closed while it does not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pressel.errors import PresselError
from pressel.soft.credential import Credential, held_credential
from pressel.transport.udp import Address

from .report import Report

if TYPE_CHECKING:
    from pressel.legacy.service import V1Bridge
    from pressel.legacy.state import V1ClientState

NAME = "v1 bridge"
AGAIN_S = 2.0  # a port or a registry that was busy is tried again

LetIn = Callable[[Credential], Awaitable[None]]


class Bridging:
    """`state`: the host's folder; `badges` gives the address of its leader; `let_in` registers the
    bridge with the venue."""

    def __init__(
        self,
        state: Path,
        rate_hz: int | None,
        badges: Callable[[], Address],
        let_in: LetIn,
        report: Report,
    ) -> None:
        self._state = state
        self._rate_hz = rate_hz
        self._badges = badges
        self._let_in = let_in
        self._report = report
        self._own: Credential | None = None
        self._is_wanted = False
        self._news = asyncio.Event()
        self._bridge: V1Bridge | None = None
        self._told = ""

    async def open(self, closing: contextlib.AsyncExitStack) -> None:
        """Get ready for `run`. UsageError when no port is free: the operator hears of it at the
        start, not at the first failover."""
        from pressel.legacy.server import free_port  # only when wanted: most have no old apps

        free_port(self._badges()[0]).close()
        self._own = closing.enter_context(held_credential(self._state / "v1-bridge"))
        closing.push_async_callback(self._close)

    async def run(self) -> None:
        """Follow `want`, for ever."""
        while True:
            self._news.clear()
            is_settled = True
            if self._is_wanted and self._bridge is None:
                is_settled = await self._try_open()
            elif not self._is_wanted and self._bridge is not None:
                await self._close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if is_settled else AGAIN_S):
                    await self._news.wait()

    def want(self, is_wanted: bool) -> None:
        """Whether this host leads now, and the venue's settings allow old apps."""
        if is_wanted != self._is_wanted:
            self._is_wanted = is_wanted
            self._news.set()

    def states(self) -> list[V1ClientState] | None:
        """None when no old apps are to take part here."""
        if not self._is_wanted:
            return None
        return self._bridge.states() if self._bridge is not None else []

    def refused(self) -> dict[str, int]:
        return self._bridge.refused() if self._bridge is not None else {}

    # --- inside ---

    async def _try_open(self) -> bool:
        """False when it has to be tried again."""
        from pressel.legacy.service import V1Bridge

        own = self._own
        assert own is not None
        bridge = V1Bridge(own, self._badges(), self._rate_hz, self._report)
        async with contextlib.AsyncExitStack() as opening:
            opening.push_async_callback(bridge.close)
            try:
                await self._let_in(own)
                await bridge.open()
            except PresselError as error:
                if str(error) != self._told:
                    self._report("v1_bridge_off", {"advice": str(error)})
                self._told = str(error)
                return False
            opening.pop_all()
        self._bridge = bridge
        self._told = ""
        self._report("v1_bridge", bridge.warning())
        return True

    async def _close(self) -> None:
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            await bridge.close()
            self._report("v1_bridge_closed", {})
