"""What the operator does with an update over the air, and what other hosts tell of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pressel.update.campaign import Campaign, Campaigner
from pressel.update.library import Library

from ..updates import Updates
from .verb import LEADER, Fields, Verb

_NAMES = ("release", "stage", "devices", "groups", "flags")  # of what starts a campaign


class Campaigns:
    """`state`: the host's folder; `updates` runs the campaign; `in_thread` runs what waits for the
    disk. All but `hear` answer with the campaign's status then; UsageError when another host has
    taken over."""

    def __init__(
        self, state: Path, updates: Updates, in_thread: Callable[..., Awaitable[Any]]
    ) -> None:
        self._library = Library(state)
        self._updates = updates
        self._in_thread = in_thread

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("update start", self.start, True, LEADER, shown=_NAMES, copied=True),
            Verb("update pause", self.pause, True, LEADER, copied=True),
            Verb("update cancel", self.cancel, True, LEADER, copied=True),
            Verb("update status", self.status, place=LEADER),
            Verb("update tell", self.hear, place=LEADER),
        )

    async def start(self, fields: Fields) -> dict[str, Any]:
        releases = await self._in_thread(self._library.get, fields["release"])
        chosen = [fields[name] for name in _NAMES]
        return await self._updates.do(lambda runs: runs.start(*chosen, releases=releases))

    async def pause(self, fields: Fields) -> dict[str, Any]:
        return await self._updates.do(lambda runs: runs.pause("you paused it"))

    async def cancel(self, fields: Fields) -> dict[str, Any]:
        return await self._updates.do(Campaigner.cancel)

    async def status(self, fields: Fields) -> dict[str, Any]:
        return await self._updates.do(lambda runs: None)

    async def hear(self, fields: Fields) -> bool:
        """Another host knows of a later step than we, which were away; did we not?"""
        return await self._updates.adopt(Campaign.model_validate(fields["campaign"]))
