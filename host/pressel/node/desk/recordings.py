"""The recordings of the venue: who may hear which, how long they stay, and what goes into the log.

The host that leads records; the others copy from it, and delete by the log as it does.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.recordings import rules
from pressel.recordings.burst_mark import Mark, mark_of
from pressel.recordings.fetch import PIECES_MAX
from pressel.recordings.recorder import Piece, Recorder
from pressel.recordings.shelf import PAGE, Recorded
from pressel.registry.store import Registry
from ptt.leader.leader import Leader

from ..report import Report
from .audits import WithRegistry
from .clock_trust import ClockTrust
from .shelf_thread import ShelfThread
from .tickets import Tickets
from .verb import COPY, LEADER, WHO, Fields, Verb

Kept = tuple[int, dict[int, int]]

LOOK_S = 1.0
RULES_EVERY = 10  # looks: the log of a venue has a thousand entries at most
EXPIRE_EVERY = 60  # looks: what is too old is gone within a minute
EXPIRE_SAID_S = 3600.0  # the log tells of what was too old once an hour at most
REPLAY_S = 900.0  # so long after its beginning a burst is heard again without a word in the log
AHEAD_S = 60.0  # clocks of two hosts differ by less; what is later was said under a wrong clock
WAITING_MAX = 64  # pieces that wait for the disk: 5 MB; the disk has stood still for a while then

_REPLAY_MS, _AHEAD_MS = round(REPLAY_S * 1000), round(AHEAD_S * 1000)


class Recordings:
    """`leader` gives the engine that leads here, or None; `kept` for how many minutes bursts are
    kept, and for how many those of groups that have a time of their own; None: nobody has said.
    `in_thread` and `with_registry` reach the registry."""

    def __init__(
        self,
        state: Path,
        leader: Callable[[], Leader | None],
        kept: Callable[[], Kept | None],
        in_thread: Callable[..., Any],
        with_registry: WithRegistry,
        report: Report,
        now_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leader = leader
        self._kept = kept
        self._in_thread = in_thread
        self._with_registry = with_registry
        self._report = report
        self._shelf = ShelfThread(state)
        self._tickets = Tickets()
        self._clock = ClockTrust(now_s, steady_s, lambda words: self.say(words, "clock"))
        self._waiting: set[asyncio.Future[None]] = set()
        self._told: dict[str, str] = {}  # what was said last, by what it is about
        self._heads: dict[str, int] | None = None  # of the log, as it was when it was obeyed last
        self._expired, self._expired_s = 0, 0.0
        self._turn = asyncio.Lock()  # who says what becomes of recordings: one after the other
        self.on_deleted: Callable[[set[Mark]], None] = lambda marks: None
        self.recorder = Recorder(leader, self._is_wanted, self._keep, now_s)

    def verbs(self) -> tuple[Verb, ...]:
        """Each that changes something writes its own entry in the log, with what it is about."""
        return (
            Verb("recordings list", self.list, place=COPY),
            Verb("recordings replay", self.replay, place=COPY),
            Verb("recordings open", self.open, True, LEADER, shown=("purpose", "id"), logs=True),
            Verb("recordings piece", self.piece, place=LEADER),
            Verb("recordings copy", self.copy, place=LEADER, hosts_only=True),
            Verb(rules.HOLD, self.hold, True, LEADER, shown=("id",), logs=True),
            Verb(rules.RELEASE, self.release, True, LEADER, shown=("id",), logs=True),
            Verb(rules.DELETE, self.delete, True, LEADER, shown=("ids",), logs=True),
        )

    # --- what is asked ---

    async def list(self, fields: Fields) -> dict[str, Any]:
        """The newest PAGE recordings, or those behind `after` [time in ms, term, burst], oldest
        first; and how long what is kept. Who talks may hear those between `replay_from_ms` and
        `replay_until_ms`."""
        after, is_newest = _place(fields.get("after")), "after" not in fields
        found = await self._shelf.ask(lambda shelf: shelf.page(after, is_newest=is_newest))
        minutes, groups = self._kept() or (0, {})
        return {
            "recordings": [each.as_json() for each in found or ()],
            "minutes": minutes,
            "groups": {str(group): own for group, own in groups.items()},
            "replay_from_ms": self.now_ms() - _REPLAY_MS,
            "replay_until_ms": self.now_ms() + _AHEAD_MS,
        }

    async def replay(self, fields: Fields) -> dict[str, Any]:
        """Piece `piece` of a burst of the last REPLAY_S. PresselError for an older one."""
        found = await self.fresh(fields["id"])
        return await self._piece(found.mark, _number(fields["piece"]))

    async def open(self, fields: Fields) -> dict[str, Any]:
        """A ticket for all pieces of recording `id`; the log tells who wanted it, and the
        `purpose`: to play or to export it."""
        verb = {"play": rules.PLAY, "export": rules.EXPORT}.get(str(fields["purpose"]))
        if verb is None:
            raise UsageError("a recording is opened to play or to export it")
        found = await self._found(mark_of(fields["id"]))
        await self.write(fields, verb, found)
        return {"ticket": self._tickets.give(found.mark), **found.as_json()}

    async def piece(self, fields: Fields) -> dict[str, Any]:
        """Piece `piece` of the recording that `ticket` was given for."""
        mark = self._tickets.mark_of(str(fields["ticket"]))
        return await self._piece(mark, _number(fields["piece"]))

    async def copy(self, fields: Fields) -> dict[str, Any]:
        """For a standby: piece `piece` of recording `id`."""
        return await self._piece(mark_of(fields["id"]), _number(fields["piece"]))

    async def hold(self, fields: Fields) -> None:
        """Nobody deletes recording `id`, however old it is, until it is released; also one that
        only another host has."""
        mark = mark_of(fields["id"])
        why = {rules.WHY: rules.checked_why(fields.get("why"))}
        async with self._turn:
            await self._write(fields, rules.HOLD, mark, await self._find(mark), why)
            await self.obey(rules.Rules(held={mark: True}))

    async def release(self, fields: Fields) -> None:
        """End a hold: what is too old is deleted within a minute."""
        mark = mark_of(fields["id"])
        async with self._turn:
            if not await self._is_held(mark):
                raise UsageError(f"recording {mark} is not held")
            await self._write(fields, rules.RELEASE, mark, await self._find(mark))
            await self.obey(rules.Rules(held={mark: False}))

    async def delete(self, fields: Fields) -> int:
        """Delete recordings `ids`, or none of them, on all hosts; how many this one had.
        PresselError when one is held."""
        marks = list(dict.fromkeys(map(mark_of, fields["ids"])))
        if not 0 < len(marks) <= PAGE:
            raise UsageError(f"name 1 to {PAGE} recordings")
        async with self._turn:
            for mark in marks:
                if await self._is_held(mark):
                    raise PresselError(f"recording {mark} is held; release it first")
            for mark in marks:
                await self._write(fields, rules.DELETE, mark, await self._find(mark))
            return await self.obey(rules.Rules(deleted=set(marks)))

    # --- what goes on by itself ---

    async def look(self, number: int) -> None:
        """As a chore, each LOOK_S: what fails is said once."""
        self.recorder.look()
        if not self.is_on():
            return
        try:
            if number % RULES_EVERY == 0:
                await self._obey_log()
            if number % EXPIRE_EVERY == 0:
                await self._expire()
            if self._shelf.trouble:
                self.say(self._shelf.trouble, "key")
        except PresselError as error:
            self.say(str(error))

    async def close(self) -> None:
        """What waits is on disk when this returns."""
        if self._waiting:
            await asyncio.wait(self._waiting)
        await self._shelf.close()

    # --- what sending one needs ---

    async def fresh(self, word: object) -> Recorded:
        """The recording that `word` names. PresselError when it is older than REPLAY_S."""
        found = await self._found(mark_of(word))
        if not -_AHEAD_MS <= self.now_ms() - found.at_ms <= _REPLAY_MS:
            raise PresselError(
                f"recording {found.mark} is more than {REPLAY_S / 60:.0f} minutes old, or of a "
                "wrong clock; who manages the venue may have it, which the log tells"
            )
        return found

    async def whole(self, word: object) -> tuple[Recorded, list[bytes]]:
        """The recording that `word` names, and its pieces, see `recordings.frames`. PresselError
        when nothing is left of it."""
        found, pieces = await self._found(mark_of(word)), []
        for number in range(PIECES_MAX):
            content = await self._shelf.ask(lambda shelf, at=number: shelf.piece(found.mark, at))
            if content is None:
                break
            pieces.append(content)
        if not pieces:
            raise PresselError(f"nothing is left of recording {found.mark}")
        return found, pieces

    async def write(self, fields: Fields, verb: str, found: Recorded, then: str = "") -> None:
        """An entry in the log, by who asks, about `found`; `then` is what else it says."""
        await self._write(fields, verb, found.mark, found, then=then)

    # --- what a copy needs ---

    def is_on(self) -> bool:
        """Whether there is, or is to be, anything."""
        minutes, groups = self._kept() or (0, {})
        return bool(minutes or any(groups.values())) or self._shelf.exists()

    def now_ms(self) -> int:
        return self._clock.now_ms()

    async def obey(self, told: rules.Rules) -> int:
        """Do what a log, or the leader, says; how many are gone by that. It is kept also for what
        comes here later."""
        self.on_deleted(told.deleted)
        makes = self.is_on() and told != rules.Rules()
        return await self._shelf.ask(lambda shelf: shelf.obey(told), makes=makes) or 0

    async def hold_as_told(self, marks: list[Mark]) -> None:
        """Hold what the leader holds."""
        if marks:
            await self._shelf.ask(lambda shelf: shelf.hold_as_told(marks), makes=True)

    async def lacks(self, recorded: Recorded) -> bool:
        """Whether this host has less of it."""
        return await self._shelf.ask(lambda shelf: shelf.lacks(recorded)) is not False

    async def take_in(self, recorded: Recorded, number: int, content: bytes) -> None:
        """A piece that another host has recorded."""
        await self._shelf.ask(lambda shelf: shelf.put(recorded, number, content), makes=True)

    def say(self, why: str, about: str = "disk") -> None:
        """What is wrong: once, however often it fails."""
        if why and why != self._told.get(about):
            self._report("recordings_off", {"advice": why})
        self._told[about] = why

    # --- inside ---

    def _is_wanted(self, group: int) -> bool:
        minutes, groups = self._kept() or (0, {})
        return groups.get(group, minutes) > 0

    def _keep(self, piece: Piece) -> None:
        """Between two datagrams of voice: the work is the thread's."""
        if len(self._waiting) >= WAITING_MAX:
            self.say("the disk is too slow for recordings, so some are lost")
            return
        job = asyncio.ensure_future(self._store(piece))
        self._waiting.add(job)
        job.add_done_callback(self._waiting.discard)

    async def _store(self, piece: Piece) -> None:
        try:
            await self._shelf.ask(
                lambda shelf: shelf.put(piece.recorded, piece.number, piece.content()), makes=True
            )
        except PresselError as error:
            self.say(str(error))
            return
        self.say("")

    async def _obey_log(self) -> None:
        """Only when it has grown: to read a thousand entries takes a quarter of a second."""
        async with self._turn:  # what was read is done before anybody says more
            heads = await self._in_thread(self._with_registry, _heads)
            if heads != self._heads:
                await self.obey(await self._in_thread(self._with_registry, _rules))
                self._heads = heads

    async def _expire(self) -> None:
        kept, looked = self._kept(), self._clock.look()
        if kept is None:
            return
        gone = await self._shelf.ask(
            lambda shelf: shelf.expire(
                *kept, looked.now_ms, looked.passed_ms, is_sure=looked.is_sure
            )
        )
        self._expired += gone or 0
        is_time = looked.now_s - self._expired_s >= EXPIRE_SAID_S
        if self._expired and is_time and self._leader() is not None:
            words, self._expired, self._expired_s = f"{self._expired} too old", 0, looked.now_s
            await self._record({}, rules.EXPIRE, words, {"done": 1})

    async def _find(self, mark: Mark) -> Recorded | None:
        return await self._shelf.ask(lambda shelf: shelf.find(mark))

    async def _is_held(self, mark: Mark) -> bool:
        return bool(await self._shelf.ask(lambda shelf: shelf.is_held(mark)))

    async def _found(self, mark: Mark) -> Recorded:
        found = await self._find(mark)
        if found is None:
            raise PresselError(f"this host has no recording {mark}; it may be deleted by now")
        return found

    async def _piece(self, mark: Mark, number: int) -> dict[str, Any]:
        """{"frames": see `recordings.frames`, in base64}, None behind the last."""
        content = await self._shelf.ask(lambda shelf: shelf.piece(mark, number))
        return {"frames": None if content is None else base64.b64encode(content).decode("ascii")}

    async def _write(
        self,
        fields: Fields,
        verb: str,
        mark: Mark,
        found: Recorded | None,
        texts: dict[str, str] | None = None,
        then: str = "",
    ) -> None:
        """No name: it would stay when the device is erased."""
        words = str(mark)
        if found is not None:
            at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.at_ms / 1000))
            words += f": device {found.device or '?'} in group {found.group}, {at}{then}"
        await self._record(fields, verb, words, rules.facts_of(mark), texts)

    async def _record(
        self,
        fields: Fields,
        verb: str,
        words: str,
        facts: dict[str, Any],
        texts: dict[str, str] | None = None,
    ) -> None:
        def act(registry: Registry) -> None:
            with registry.log.asked_by(str(fields.get(WHO, ""))):
                registry.record(verb, words, facts, texts or {})

        await self._in_thread(self._with_registry, act)


def _heads(registry: Registry) -> dict[str, int]:
    return {host: head.index for host, head in registry.log.chains.heads().items()}


def _rules(registry: Registry) -> rules.Rules:
    return rules.rules_of(registry.about_venue())


def _place(told: Any) -> tuple[int, int, int]:
    """ValueError for what is no place."""
    if told is None:
        return -1, -1, -1
    at_ms, term, burst = told
    return _number(at_ms), _number(term), _number(burst)


def _number(told: Any) -> int:
    """ValueError for what no database takes."""
    number = int(told)
    if not -1 <= number < 1 << 53:
        raise ValueError(f"{str(told)[:20]} is no number that a recording can have")
    return number
