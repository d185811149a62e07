"""The settings of the venue: what they are, who has them, and how the operator changes one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.schema.settings import check_value, settings, short
from pressel.transport.udp import engine_now_ms
from ptt.base.numbers import INT_MAX
from ptt.cluster.replica import State
from ptt.leader import takeover
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

from ..kept_settings import FIRST, load_kept, store_kept, values_of
from ..report import Report
from .venue import leading
from .verb import COPY, LEADER, Fields, Verb


class VenueSettings:
    """`state`: the host's folder; `leader` gives the engine that leads here, `standby` the state
    that this host keeps of another leader, None when there is none; `settle` sends what the engine
    has to say; `in_thread` runs what waits for the disk."""

    def __init__(
        self,
        state: Path,
        leader: Callable[[], Leader | None],
        standby: Callable[[], State | None],
        settle: Callable[[], None],
        in_thread: Callable[..., Any],
        report: Report,
    ) -> None:
        self._state = state
        self._leader = leader
        self._standby = standby
        self._settle = settle
        self._in_thread = in_thread
        self._report = report
        self._turn = asyncio.Lock()  # one change after the other
        self._told = ""
        self.kept = Settings(FIRST)  # what is on disk
        try:
            self.kept = load_kept(state)
        except UsageError as error:
            self._tell(f"{error}; until then the defaults apply")

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("settings", self.show, place=COPY),
            Verb("settings set", self.set, writes=True, place=LEADER, shown=("setting", "value")),
        )

    def show(self, fields: Fields) -> dict[str, Any]:
        """Version and values; and at the leader how many of the badges have said that they apply
        them, or cannot."""
        leader = self._leader()
        if leader is None:
            return _answer(self._followed() or self.kept)
        members = leader.members.all()
        now = leader.settings.settings
        done = [each.settings for each in members if each.settings.acknowledged == now.version]
        refused = sum(each.refused for each in done)
        counts = {"badges": len(members), "applied": len(done) - refused, "refused": refused}
        return {**_answer(now), **counts}

    async def set(self, fields: Fields) -> dict[str, Any]:
        """Give `setting` the `value`, if the settings are still of version `base`; what `show` says
        then. UsageError for a value that cannot be, PresselError when somebody was faster."""
        name, value, base = str(fields["setting"]), fields["value"], fields["base"]
        if name not in settings() or not isinstance(value, int) or isinstance(value, bool):
            raise UsageError(f"the leader knows no setting {name!r} with such a value; update it")
        check_value(name, settings()[name], value)
        async with self._turn:
            leader = leading(self._leader)
            now = leader.settings.settings
            if base != now.version:
                raise PresselError(_why_not(base, now.version))
            if getattr(now, short(name)) != value:
                await self._change(leader, now, short(name), value)
        return self.show({})

    async def keep(self, number: int) -> None:
        """What holds now is on disk soon after; to be called again and again."""
        leader = self._leader()
        now = leader.settings.settings if leader is not None else self._followed()
        if now is None or now.version < self.kept.version or now.values() == self.kept.values():
            return
        async with self._turn:
            try:
                await self._in_thread(store_kept, self._state, now)
            except PresselError as error:
                self._tell(str(error))
                return
            self.kept = now
            self._told = ""

    # --- inside ---

    async def _change(self, leader: Leader, now: Settings, name: str, value: int) -> None:
        """On disk first: what badges have been told must not be forgotten."""
        if now.version >= INT_MAX:
            raise PresselError("the settings can no longer be changed: no version number is left")
        values = {short(each): getattr(now, short(each)) for each in settings()}
        new = Settings(now.version + 1, **(values | {name: value}))
        await self._in_thread(store_kept, self._state, new)
        self.kept = new
        if leading(self._leader) is not leader:
            raise UsageError("another term has just begun; look at the settings and try again")
        leader.publish(new, engine_now_ms())
        self._settle()

    def _followed(self) -> Settings | None:
        state = self._standby()
        return takeover.settings_of(state) if state is not None else None

    def _tell(self, advice: str) -> None:
        """Once, however often it is met."""
        if advice != self._told:
            self._report("settings_file", {"advice": advice})
        self._told = advice


def _why_not(base: int, version: int) -> str:
    if base > version:
        return f"the settings have no version {base} yet: they are of version {version}"
    return (
        f"somebody else has changed the settings: they are of version {version}, not {base} any "
        "more; look at them and try again"
    )


def _answer(now: Settings) -> dict[str, Any]:
    return {
        "version": now.version,
        "values": values_of(now),
        "badges": None,
        "applied": None,
        "refused": None,
    }
