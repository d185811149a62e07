"""The settings of the venue: what they are, who has them, and how the operator changes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.registry.store import Registry
from pressel.schema.settings import check_value, settings, short
from pressel.transport.udp import engine_now_ms
from ptt.base.numbers import INT_MAX
from ptt.cluster.replica import State
from ptt.leader import takeover
from ptt.leader.leader import Leader
from ptt.leader.members import Member
from ptt.leader.settings_in_force import Settings

from ..kept_settings import FIRST, load_kept, store_kept, values_of
from ..report import Report
from . import settings_past
from .audits import WithRegistry
from .settings_past import SET, WHY, checked_why
from .venue import leading
from .verb import COPY, LEADER, WHO, Fields, Verb

# What a badge said of the settings in force; waiting: nothing yet, so it is told again.
APPLIED, REFUSED, WAITING = "applied", "refused", "waiting"


class VenueSettings:
    """`state`: the host's folder; `leader` gives the engine that leads here, `standby` the state
    that this host keeps of another leader, None when there is none; `settle` sends what the engine
    has to say; `in_thread` runs what waits for the disk; `with_registry` gives its argument the
    host's registry, in the desk's thread."""

    def __init__(
        self,
        state: Path,
        leader: Callable[[], Leader | None],
        standby: Callable[[], State | None],
        settle: Callable[[], None],
        in_thread: Callable[..., Any],
        with_registry: WithRegistry,
        report: Report,
    ) -> None:
        self._state = state
        self._leader = leader
        self._standby = standby
        self._settle = settle
        self._in_thread = in_thread
        self._with_registry = with_registry
        self._report = report
        self._turn = asyncio.Lock()  # one change after the other
        self.is_closed: Callable[[], str] = str  # why nothing can be set now; "": it can
        self._told = ""
        self.kept = Settings(FIRST)  # what is on disk
        try:
            self.kept = load_kept(state)
        except UsageError as error:
            self._tell(f"{error}; until then the defaults apply")

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("settings", self.show, place=COPY),
            Verb("settings status", self.status, place=LEADER),
            Verb(SET, self.set, writes=True, place=LEADER, logs=True, shown=("values",)),
            Verb("settings history", self.history, place=COPY, in_thread=True),
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

    def status(self, fields: Fields) -> dict[str, Any]:
        """What `show` says, and in `members` for each badge that is here its device, its name, the
        version that it answered last (0: none) and `state`: what it said of it."""
        leader = leading(self._leader)
        version = leader.settings.settings.version
        rows = [_member_row(member, version) for member in leader.members.all()]
        return {**self.show(fields), "members": rows}

    async def set(self, fields: Fields) -> dict[str, Any]:
        """Give all settings in `values` their value, or none of them; only if the settings are
        still of version `base`. `why`: what for. (Hosts of the former version pass on one `setting`
        and its `value`.) Returns what `show` says then. UsageError for a
        value that cannot be, PresselError when somebody was faster."""
        given = fields["values"] if "values" in fields else {fields["setting"]: fields["value"]}
        values, base, why = checked(given), fields["base"], checked_why(fields.get(WHY))
        async with self._turn:
            leader = leading(self._leader)
            now = leader.settings.settings
            if words := self.is_closed():
                raise PresselError(words)
            if base != now.version:
                raise PresselError(why_not(base, now.version))
            was = values_of(now)
            if was != was | values:
                await self._change(leader, was | values, now.version + 1)
                await self._write_down(was, why, str(fields.get(WHO, "")))
        return self.show({})

    async def put(self, values: Mapping[str, int], version: int, why: str, who: str) -> None:
        """All `values` are in force as that `version`, which is above the last: the end of a
        rollout. Again after a failure it does what is left."""
        async with self._turn:
            leader = leading(self._leader)
            now = leader.settings.settings
            if now.version < version:
                await self._change(leader, values, version)
            await self._write_down(values_of(now), why, who)

    def history(self, fields: Fields) -> list[dict[str, Any]]:
        """The changes that the venue's log tells of, oldest first."""
        found = self._with_registry(lambda registry: registry.about_venue())
        return [each.as_json() for each in settings_past.changes(found)]

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

    async def _change(self, leader: Leader, values: Mapping[str, int], version: int) -> None:
        """On disk first: what badges have been told must not be forgotten."""
        if version > INT_MAX:
            raise PresselError("the settings can no longer be changed: no version number is left")
        new = Settings(version, **{short(name): values[name] for name in values})
        await self._in_thread(store_kept, self._state, new)
        self.kept = new
        if leading(self._leader) is not leader:
            raise UsageError("another term has just begun; look at the settings and try again")
        leader.publish(new, engine_now_ms())
        self._settle()

    async def _write_down(self, was: dict[str, int], why: str, who: str) -> None:
        """In the venue's log, for as long as it is kept."""
        now, version = values_of(self.kept), self.kept.version

        def act(registry: Registry) -> None:
            with registry.log.asked_by(who):
                registry.record(
                    SET,
                    settings_past.words(was, now),
                    settings_past.facts(version),
                    settings_past.texts(was, now, why),
                )

        try:
            await self._in_thread(self._with_registry, act)
        except PresselError as error:
            raise PresselError(f"it was done, but the log does not tell it: {error}") from error

    def _followed(self) -> Settings | None:
        state = self._standby()
        return takeover.settings_of(state) if state is not None else None

    def _tell(self, advice: str) -> None:
        """Once, however often it is met."""
        if advice != self._told:
            self._report("settings_file", {"advice": advice})
        self._told = advice


def checked(values: Any) -> dict[str, int]:
    """UsageError unless they are values of settings that there are."""
    if not isinstance(values, dict) or not values:
        raise UsageError("name at least one setting and its value")
    for name, value in values.items():
        if name not in settings() or not isinstance(value, int) or isinstance(value, bool):
            raise UsageError(f"the leader knows no setting {name!r} with such a value; update it")
        check_value(name, settings()[name], value)
    return values


def why_not(base: int, version: int) -> str:
    if base > version:
        return f"the settings have no version {base} yet: they are of version {version}"
    return (
        f"somebody else has changed the settings: they are of version {version}, not {base} any "
        "more; look at them and try again"
    )


def _member_row(member: Member, version: int) -> dict[str, Any]:
    delivery = member.settings
    state = WAITING
    if delivery.acknowledged == version:
        state = REFUSED if delivery.refused else APPLIED
    return {
        "device": member.device.hex(),
        "name": member.name.decode(),
        "version": delivery.acknowledged,
        "state": state,
    }


def _answer(now: Settings) -> dict[str, Any]:
    return {
        "version": now.version,
        "values": values_of(now),
        "badges": None,
        "applied": None,
        "refused": None,
    }
