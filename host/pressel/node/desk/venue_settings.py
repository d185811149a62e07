"""The settings of the venue: what they are, who has them, and how the operator changes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from pressel.boards.board import board_ids
from pressel.errors import PresselError, UsageError
from pressel.registry.about_boards import BOARD, boards_of
from pressel.registry.identity import fingerprint
from pressel.registry.store import Registry
from pressel.rollout.rollout import NETWORK
from pressel.schema.check import did_you_mean
from pressel.schema.setting_values import (
    At,
    check_values,
    gone_on,
    hash_of,
    is_board,
    is_device,
    is_known,
    laid_over,
    ordered,
    own_values,
    replaced,
    split_key,
)
from pressel.schema.settings import settings
from pressel.transport.udp import engine_now_ms
from ptt.base.numbers import INT_MAX
from ptt.cluster.replica import State
from ptt.cluster.versions import is_within_reach
from ptt.leader import takeover
from ptt.leader.leader import Leader
from ptt.leader.members import DIFFERENT_TABLE, OLDER_TABLE, Member
from ptt.leader.publisher import changes_networks
from ptt.leader.settings_in_force import KEPT_MIN, Settings

from ..kept_settings import (
    FIRST,
    NONE_LEFT,
    are_equal,
    load_kept,
    mark_of,
    settings_with,
    store_kept,
    values_of,
    why_drifted,
)
from ..report import Report
from . import settings_past
from .audits import WithRegistry
from .mends import Mends
from .networks import Networks
from .settings_past import SET, WHY, Newest, Past, checked_why, past, removed
from .touched import touched
from .venue import leading
from .verb import COPY, LEADER, WHO, Fields, Verb

# What a badge said of the settings that it is to have; waiting: nothing yet, so it is told again.
# Untold: badges are told no settings.
APPLIED, REFUSED, WAITING, UNTOLD = "applied", "refused", "waiting", "not told"

KEPT = "recording.kept_min"
NAMES = "people.names_days"
# What a leader of a former version, which does not know it, leaves as it is.
OUTLIVING = (KEPT, NETWORK, NAMES)


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
        self.turn = asyncio.Lock()  # one change after the other; who rolls one out holds it, too
        self.networks = Networks()
        self.mends = Mends()
        self.is_closed: Callable[[], Awaitable[str]] = _open  # why nothing can be set; "": it can
        self._caught_up: Leader | None = None  # for which the log was looked at
        self._told = ""
        self._is_log_read = False
        self._logged = 0  # the highest version that the log tells of
        self._log_says: dict[str, int] = {}  # what holds by it
        self._boards: dict[str, str] = {}  # by device, what board it is by the log
        self._doubted: set[str] = set()  # hosts that have named a version which cannot be
        self.kept = Settings(FIRST)  # what is on disk
        try:
            self.kept = load_kept(state)
        except UsageError as error:
            self._tell(f"{error}; until then the defaults apply")
        self._mark = mark_of(state)  # of the file as this host has left it

    @property
    def known(self) -> int:
        """The highest version that is on this disk."""
        return max(self.kept.version, self._logged)

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("settings", self.show, place=COPY),
            Verb("settings status", self.status, place=LEADER),
            Verb("settings touched", self.touched, place=LEADER),
            Verb(SET, self.set, writes=True, place=LEADER, logs=True, shown=("values",)),
            Verb("settings history", self.history, place=COPY, in_thread=True),
            Verb(BOARD, self.set_board, True, LEADER, logs=True, shown=("id", "board")),
            *self.mends.verbs(),
        )

    def show(self, fields: Fields) -> dict[str, Any]:
        """Version, values and their hash; and at the leader how many of the badges have said that
        they apply what they are to have, or cannot: these, or a change that they try out."""
        leader = self._leader()
        if leader is None:
            return _answer(self._followed() or self.kept)
        members = leader.members.all()
        now = leader.settings.settings
        said = [_said(leader, each) for each in members]
        counts = {word: said.count(word) for word in (APPLIED, REFUSED)}
        return {**_answer(now), "badges": len(members), **counts}

    def kept_minutes(self) -> tuple[int, dict[int, int]] | None:
        """For how long bursts are kept, and those of groups that have a time of their own; None
        while nobody has set anything, or what was set cannot be read: then nothing is deleted."""
        leader = self._leader()
        if leader is None:
            now = self._followed() or self.kept
        else:
            now = self._gone_on(leader.settings.settings)
        own = own_values(KEPT, values_of(now)).items()
        kept = now.kept_min, {group: value for group, value in own if isinstance(group, int)}
        is_said = kept != (KEPT_MIN, {}) or KEPT in self._log_says or self.kept.version > FIRST
        return kept if is_said and now.version > FIRST else None

    def names_days(self) -> int | None:
        """For how many days the venue keeps names of people; 0: for ever. None while nobody leads:
        what this host kept may be long past, and what is erased does not come back."""
        leader = self._leader()
        now = self._followed() if leader is None else self._gone_on(leader.settings.settings)
        return None if now is None else now.names_days

    async def status(self, fields: Fields) -> dict[str, Any]:
        """What `show` says, and in `members` for each badge that is here its device, its name, the
        version that it answered last (0: none), `state`: what it said of it, and `why` it
        refuses or its yes may mean less; and in `mended` where a host's disk had other settings,
        as `Mend` says."""
        mended = await self.mends.all()
        leader = leading(self._leader)
        rows = [_member_row(leader, member) for member in leader.members.all()]
        return {**self.show(fields), "members": rows, "mended": mended}

    async def touched(self, fields: Fields) -> dict[str, list[str]]:
        """Of a change to `values`, the names of the badges that are here and that each setting is
        about; of those that stay as they are, nothing. UsageError where the change would be
        refused."""
        values = checked(fields["values"])
        was = values_of(leading(self._leader).settings.settings)
        await self.check_whose(was, laid_over(was, values))
        leader = leading(self._leader)
        now = leader.settings.settings
        new = laid_over(values_of(now), values)
        check_values(new)
        boards = leader.settings.boards
        return touched(leader.members.all(), now, settings_with(now.version, new), boards)

    async def set(self, fields: Fields) -> dict[str, Any]:
        """Give all settings in `values`, by key, their value, or none of them; only if the settings
        are still of version `base`. `why`: what for. `network`: name and password of the Wi-Fi
        network that wifi.network is to name. (Hosts of the former version pass on one
        `setting` and its `value`.) Returns what `show` says then. UsageError for a value that
        cannot be, PresselError when somebody was faster."""
        if "values" not in fields:
            fields = {**fields, "values": {fields["setting"]: fields["value"]}}
        base, why = fields["base"], checked_why(fields.get(WHY))
        async with self.turn:
            values = checked(self.networks.named(fields))
            await self.catch_up(leading(self._leader))
            if words := await self.is_closed():
                raise PresselError(words)
            leader = leading(self._leader)
            now = leader.settings.settings
            if base != now.version:
                raise PresselError(why_not(base, now.version))
            was = values_of(now)
            new = laid_over(was, values)
            check_values(new)
            self.networks.check(was, new)
            await self.check_whose(was, new)
            if was != new:
                self.networks.tell(leader)
                await self._change(leader, new, now.version + 1)
                await self._write_down(was, leader, why, str(fields.get(WHO, "")))
        return self.show({})

    async def set_board(self, fields: Fields) -> None:
        """Write down what `board` the device `id` is; "": nobody knows. It gets what holds there.
        UsageError for a device that is not known, or a name that can be none."""

        def act(registry: Registry) -> dict[str, str]:
            with registry.log.asked_by(str(fields.get(WHO, ""))):
                registry.set_board(str(fields["id"]), str(fields["board"]))
            return registry.boards()

        async with self.turn:
            leader = leading(self._leader)
            self._boards = await self._in_thread(self._with_registry, act)
            self._tell_boards(leader)
            self._settle()

    async def check_whose(self, was: Mapping[str, int], new: Mapping[str, int]) -> None:
        """UsageError when `new` has something for a badge or a board that nobody here knows."""
        added = [split_key(key) for key in new if key not in was and "@" in key]
        if not any(isinstance(whose, str) for _, whose in added):
            return
        known: set[At] = await self._in_thread(self._with_registry, _devices)
        boards = sorted({*board_ids(), *self._boards.values()})
        for name, whose in added:
            if is_device(whose) and whose not in known:
                raise UsageError(
                    f"no device {whose} is known, so it has no value of {name}; see `pressel "
                    "device list --all`"
                )
            if is_board(whose) and whose not in boards:
                guess = did_you_mean(str(whose), boards) or "; `pressel board list` shows all"
                raise UsageError(f"no board is called '{whose}', so it has no {name}{guess}")

    async def put(
        self,
        was: dict[str, int] | None,
        values: dict[str, int] | None,
        version: int,
        why: str,
        who: str,
    ) -> None:
        """Put `values` in force as that `version`, which is above the last: the end of a rollout.
        `was`: the former ones. None: what is in force. The caller holds `turn`. Again after a
        failure it does what is left."""
        leader = leading(self._leader)
        now = leader.settings.settings
        if now.version < version:
            new = values_of(now) if values is None else replaced(values_of(now), values)
            await self._change(leader, new, version)
            now = leader.settings.settings
        past = await self._in_thread(self._with_registry, self._past)
        told = [(each.version, each.now) for each in past.changes()]
        if (now.version, values_of(now)) not in told:
            await self._write_down(values_of(now) if was is None else was, leader, why, who)

    async def catch_up(self, leader: Leader) -> None:
        """What the log tells of comes into force, if `leader` has not heard of it: who led before
        may have told other hosts only. The caller holds `turn`."""
        if leader is self._caught_up:
            return
        self._caught_up = leader  # what comes meanwhile is looked at once more
        try:
            last = await self._in_thread(self._with_registry, self._newest)
            self.networks.tell(leader)
            self._tell_boards(leader)
            if last is not None:
                self._log_says = last.change.now
                await self._obey_log(leader, last)
            await self._go_on(leader)
        except PresselError:
            self._caught_up = None
            raise

    def look_again(self) -> None:
        """The log has entries of other hosts that are new."""
        self._caught_up = None
        self._is_log_read = False

    def history(self, fields: Fields) -> list[dict[str, Any]]:
        """The changes that the venue's log tells of, oldest first."""
        return [each.as_json() for each in self._with_registry(self._past).changes()]

    async def keep(self, number: int) -> None:
        """What holds now is on disk soon after; to be called again and again."""
        await self._mend()
        await self._read_log()
        leader = self._leader()
        if leader is not None and leader is not self._caught_up:
            await self._catch_up_soon(leader)
        now = leader.settings.settings if leader is not None else self._followed()
        if now is None or now.version < self.kept.version or are_equal(now, self.kept):
            return
        async with self.turn:
            try:
                await self._store(now)
            except PresselError as error:
                self._tell(str(error))
                return
            self.kept = now
            self._told = ""

    # --- inside ---

    async def _store(self, now: Settings) -> None:
        """The caller holds `turn`."""
        self._mark = await self._in_thread(store_kept, self._state, now)

    async def _mend(self) -> None:
        """What somebody else did to the file while this host runs is undone: it would lead with
        that, or with nothing, when it starts again."""
        if self._mark == mark_of(self._state) or self.turn.locked():
            return
        async with self.turn:
            try:
                why = await self._in_thread(why_drifted, self._state, self.kept)
                if why:
                    await self._store(self.kept)
            except PresselError as error:
                self._tell(str(error))
                return
            self._mark = mark_of(self._state)
        if why:
            self._report("settings_mended", {"why": why})
            self.mends.add(why)

    async def _read_log(self) -> None:
        if self._is_log_read:
            return
        self._is_log_read = True
        try:
            last = await self._in_thread(self._with_registry, self._newest)
        except PresselError as error:
            self._is_log_read = False
            self._tell(str(error))
            return
        self._logged = last.version if last else 0
        self._log_says = last.change.now if last else {}

    async def _catch_up_soon(self, leader: Leader) -> None:
        async with self.turn:
            try:
                await self.catch_up(leader)
            except PresselError as error:  # it leads no longer, or the disk is full: the next time
                self._tell(str(error))

    async def _obey_log(self, leader: Leader, last: Newest) -> None:
        """What holds by the log comes into force, under a number that nobody has used for something
        else. What standbys were told, and no log has, stays."""
        now, wanted = leader.settings.settings, last.change
        values = values_of(now)
        new = values_of(self._gone_on(settings_with(1, replaced(values, wanted.now))))
        if now.version > last.version or (now.version, values) == (last.version, new):
            return
        if wanted.version == last.version > now.version:
            await self._change(leader, new, last.version)
            return
        await self._change(leader, new, last.version + 1)
        why = (
            f"version {wanted.version} holds: its leader led later than that of version "
            f"{last.version}"
        )
        await self._write_down(values, leader, why, "")

    async def _go_on(self, leader: Leader) -> None:
        """What a leader of the former version did not know comes into force again."""
        now = leader.settings.settings
        values, new = values_of(now), values_of(self._gone_on(now))
        if values != new:
            await self._change(leader, new, now.version + 1)
            await self._write_down(values, leader, "who led before did not know this setting", "")

    def _tell_boards(self, leader: Leader) -> None:
        """The engine takes them from here."""
        told = {bytes.fromhex(device): board for device, board in self._boards.items()}
        leader.know_boards(told, engine_now_ms())

    async def _change(self, leader: Leader, values: Mapping[str, int], version: int) -> None:
        """On disk first: what badges have been told must not be forgotten."""
        if version > INT_MAX:
            raise PresselError(NONE_LEFT)
        new = settings_with(version, values)
        await self._store(new)
        if self._leader() is not leader:  # what is refused must not be found there later
            await self._store(self.kept)
            raise UsageError("another term has just begun; look at the settings and try again")
        self.kept, self._log_says = new, dict(values)
        leader.publish(new, engine_now_ms())
        self._settle()

    async def _write_down(self, was: dict[str, int], leader: Leader, why: str, who: str) -> None:
        """In the venue's log, for as long as it is kept."""
        version, now = leader.settings.settings.version, values_of(leader.settings.settings)

        def act(registry: Registry) -> None:
            with registry.log.asked_by(who):
                registry.record(
                    SET,
                    settings_past.words(was, now),
                    settings_past.facts(version),
                    settings_past.texts(was, now, why),
                    self.networks.secret(was, now),
                )

        try:
            await self._in_thread(self._with_registry, act)
        except PresselError as error:
            raise PresselError(f"it was done, but the log does not tell it: {error}") from error
        self._is_log_read = False

    def _past(self, registry: Registry) -> Past:
        return past(registry.about_venue(), self.kept.version)

    def _newest(self, registry: Registry) -> Newest | None:
        """What holds by the log; who says what cannot be is told of."""
        self.networks.read(registry)
        about = registry.about_venue()
        self._boards = boards_of(each.entry for each in about)
        told = past(about, self.kept.version)
        if told.doubted is not None:
            self._doubt(f"host {fingerprint(told.doubted.host)}", told.doubted.version)
        return told.newest(removed(registry, told.entries()))

    def _followed(self) -> Settings | None:
        """None, too, when what the leader says cannot be."""
        state = self._standby()
        told = takeover.settings_of(state) if state is not None else None
        if told is not None and not is_within_reach(told.version, self.known):
            self._doubt("the host that leads", told.version)
            return None
        return None if told is None else self._gone_on(told)

    def _gone_on(self, told: Settings) -> Settings:
        """A host of a former version, which leads or has led, does not know what is in OUTLIVING,
        and its default is nobody's wish: recordings are deleted by it, badges leave their network,
        and names of people stay. What the log says holds, else what is kept here. (A host that
        knows it leaves out a default, too: there the log says so.)"""
        values = values_of(told)
        here = gone_on(values_of(self.kept), self._log_says)
        for name in OUTLIVING:
            if values[name] == settings()[name].default and not own_values(name, values):
                others = {key: value for key, value in values.items() if split_key(key)[0] != name}
                kept = {key: value for key, value in here.items() if split_key(key)[0] == name}
                values = {**others, **kept}
        return settings_with(told.version, ordered(values))

    def _doubt(self, who: str, version: int) -> None:
        """Once for each: it says so again and again."""
        if who not in self._doubted:
            self._doubted.add(who)
            self._report("settings_doubted", {"who": who, "version": version})

    def _tell(self, advice: str) -> None:
        """Once, however often it is met."""
        if advice != self._told:
            self._report("settings_file", {"advice": advice})
        self._told = advice


def _devices(registry: Registry) -> set[At]:
    return {each.id for each in registry.devices()}


async def _open() -> str:
    return ""


def checked(values: Any) -> dict[str, int | None]:
    """UsageError unless they are values of settings that there are."""
    if not isinstance(values, dict) or not values:
        raise UsageError("name at least one setting and its value")
    for key, value in values.items():
        if not is_known(key) or not isinstance(value, int | None) or isinstance(value, bool):
            raise UsageError(f"the leader knows no setting {key!r} with such a value; update it")
    check_values(values)
    return values


def why_not(base: int, version: int) -> str:
    if base > version:
        return f"the settings have no version {base} yet: they are of version {version}"
    return (
        f"somebody else has changed the settings: they are of version {version}, not {base} any "
        "more; look at them and try again"
    )


def _said(leader: Leader, member: Member) -> str:
    """Of what it is to have."""
    if not leader.settings.settings.tell_settings:
        return UNTOLD
    delivery = member.settings
    if delivery.acknowledged != leader.settings.of(member).version:
        return WAITING
    return REFUSED if delivery.refused else APPLIED


def _member_row(leader: Leader, member: Member) -> dict[str, Any]:
    return {
        "device": member.device.hex(),
        "name": member.name.decode(),
        "version": member.settings.acknowledged,
        "state": _said(leader, member),
        "why": _why(leader, member),
    }


def _why(leader: Leader, member: Member) -> str:
    """Why it refuses, as far as it says, or what its yes may not mean; "": it may be taken as it
    is."""
    state = _said(leader, member)
    if state == APPLIED and member.table_is in (OLDER_TABLE, DIFFERENT_TABLE):
        return (
            "its firmware knows other settings than this host, and says the same of those that it "
            "does not know; update it"
        )
    if state != REFUSED:
        return ""
    wanted = leader.settings.of(member)
    if changes_networks(member) and member.settings.failed == wanted.network:
        return "it found no leader in that Wi-Fi network and went back to its former one"
    return "its build cannot do one of the values; update it"


def _answer(now: Settings) -> dict[str, Any]:
    return {
        "version": now.version,
        "hash": hash_of(values_of(now)),
        "values": values_of(now),
        "badges": None,
        "applied": None,
        "refused": None,
    }
