"""Updates over the air at a host: the campaign of the leader that is here now, if there is one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from pressel.errors import PresselError, UsageError
from pressel.registry.directory import RegistryDirectory
from pressel.transport.udp import engine_now_ms
from pressel.update.campaign import Campaign, Campaigner, find_campaign, reason_words
from pressel.update.staged import Staged
from ptt.leader.distributor import STATES
from ptt.leader.leader import Leader

from .report import Report

T = TypeVar("T")
InThread = Callable[..., Awaitable[Any]]


class Updates:
    """`state`: the host's folder; `leader` gives the engine that leads here now, or None;
    `in_thread` runs what waits for the disk; `settle` sends what the engine has to say. A campaign
    stays on disk: the next leader continues it."""

    def __init__(
        self,
        state: Path,
        leader: Callable[[], Leader | None],
        directory: RegistryDirectory,
        report: Report,
        in_thread: InThread,
        settle: Callable[[], None] = lambda: None,
        now_ms: Callable[[], int] = engine_now_ms,
    ) -> None:
        self._state = state
        self._leader = leader
        self._directory = directory
        self._report = report
        self._in_thread = in_thread
        self._settle = settle
        self._now_ms = now_ms
        self._served: Leader | None = None  # whose campaign `_campaigner` runs
        self._campaigner: Campaigner | None = None
        self._staged: Staged | None = None
        self._told = ""

    async def resume(self) -> None:
        """Continue the campaign on disk, if this host leads; a damaged file is only reported."""
        try:
            await self._current()
        except PresselError as error:
            self._say(str(error))
        self._settle()

    async def adopt(self, other: Campaign) -> bool:
        """Take over what another host knows of a later step; whether it was news here."""
        campaigner = await self._current()
        is_news = campaigner is not None and campaigner.adopt(other)
        if is_news:
            self._report("update_news", {})
        self._settle()
        return is_news

    async def do(self, act: Callable[[Campaigner], object]) -> dict[str, Any]:
        """Have `act` done by the campaign of this host; its status then. UsageError when the host
        does not lead."""
        campaigner = await self._current()
        if campaigner is None:
            raise UsageError("this host no longer leads; try again")
        act(campaigner)
        self._settle()
        return campaigner.status()

    async def stages(self, act: Callable[[Staged], T]) -> T:
        """As `do`, with the stages of a release; what `act` gives."""
        if await self._current() is None or self._staged is None:
            raise UsageError("this host no longer leads; try again")
        given = act(self._staged)
        self._settle()
        return given

    # --- what happens ---

    def on_told(self, device: bytes, release: int, state: int, reason: int) -> None:
        """The value of `ptt.base.events.UPDATE`."""
        if self._campaigner is not None and self._leader() is self._served:
            try:
                self._campaigner.on_told(device, release, state, reason)
            except PresselError as error:  # the disk is full: the update goes on, in memory
                self._say(str(error))
        fields = {"device": device.hex(), "release": release, "state": STATES[state]}
        if reason:
            fields["why"] = reason_words(reason)
        self._report("badge_update", fields)

    async def _current(self) -> Campaigner | None:
        """The campaigner of the engine that leads here now. The disk is read elsewhere: in a
        takeover voice must not wait for it."""
        leader = self._leader()
        if leader is not None and leader is not self._served:
            found = await self._in_thread(find_campaign, self._state)
            leader = self._leader()
            if leader is not None and leader is not self._served:
                self._campaigner = Campaigner(
                    self._state, leader, self._key_of, self._now_ms, found
                )
                self._staged = Staged(self._campaigner, leader.members)
                self._served = leader
        return self._campaigner if leader is not None and leader is self._served else None

    def _say(self, advice: str) -> None:
        """Once, however often it is met."""
        if advice != self._told:
            self._report("campaign", {"advice": advice})
        self._told = advice

    def _key_of(self, device: str) -> bytes | None:
        return self._directory.key(bytes.fromhex(device))
