"""Finds who answers a request, this host or the one that leads, and has it answered."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from pressel.errors import PresselError, UnreachableError, UsageError
from pressel.json_text import read_json

from ..report import Report
from . import asker as askers
from .asker import Asker
from .verb import COPY, FOR, HERE, LEADER, WHERE, WHO, Fields, Verb

OWN_COPY = "own copy"  # in place of a host that has answered: no leader was reachable
LEADERLESS_S = 3.0  # an election takes 0.7 s; who waits longer has nobody to wait for
LEADERS_MAX = 3  # asked in turn, each of which says that it leads no more
AGAIN_S = 0.1  # a heartbeat; then who follows knows more

# {"answer": ...} or {"error": words, "exit": code}; "by" of another host, "on" as `On`
Reply = dict[str, Any]


class Ask(Protocol):
    """Asks another host; None when it does not answer."""

    async def __call__(self, host: bytes, body: bytes) -> bytes | None: ...


Record = Callable[[str, str, str], Any]  # verb, what people may read of it, who asked
On = tuple[int, int]  # on how many disks a change is, of how many hosts
Safe = Callable[[Verb], Awaitable[Callable[[], Awaitable[On]]]]


async def _at_once(verb: Verb) -> Callable[[], Awaitable[On]]:
    return _here


async def _here() -> On:
    return 1, 1


class Desk:
    """`leader_is` gives the host that leads, None when none is known; `own` is this host, `name_of`
    what people call one. After each write `on_written` is called; one that is the leader's part is
    done when `safe` says so, which is begun before it and awaited after it. `record` keeps what was
    written and keeps no log itself; it may wait for the disk."""

    def __init__(
        self,
        verbs: Iterable[Verb],
        own: bytes,
        leader_is: Callable[[], bytes | None],
        ask: Ask,
        name_of: Callable[[bytes], str],
        report: Report,
        on_written: Callable[[], None] = lambda: None,
        safe: Safe = _at_once,
        record: Record = lambda verb, words, who: None,
    ) -> None:
        self._verbs = {verb.name: verb for verb in verbs}
        self._own = own
        self._leader_is = leader_is
        self._ask = ask
        self._name_of = name_of
        self._report = report
        self._on_written = on_written
        self._safe = safe
        self._record = record
        self._thread = ThreadPoolExecutor(1, "desk")  # one: writes keep their order
        self._news = asyncio.Event()

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def on_election(self) -> None:
        """Somebody else leads than before, or nobody."""
        self._news.set()
        self._news = asyncio.Event()

    async def in_thread(self, call: Callable[..., Any], *values: Any) -> Any:
        """The result of `call`, which may wait for the disk, in turn with the verbs' disk work."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *values)

    # --- faces ---

    async def answer(self, request: Any, who: Asker) -> Reply:
        """Answer somebody on this machine who asks a JSON object {"ask": verb, field: value}. A
        field "for" names the person on whose behalf a program asks."""
        if isinstance(request, dict) and FOR in request:
            request = dict(request)
            who = askers.on_behalf(str(request.pop(FOR)), who)
        return await _told(lambda: self._answer(request, who))

    async def answer_host(self, body: bytes, source: bytes) -> bytes:
        """Answer host `source`, which asks on behalf of somebody there and thinks that we lead."""
        reply = await _told(lambda: self._answer_host(body, source))
        return json.dumps(reply).encode()

    # --- inside ---

    async def _answer(self, request: Any, who: Asker) -> Reply:
        verb, fields = self._read(request)
        if verb.place == HERE:
            return await self._do(verb, fields, who)
        leader, reply = await self._led(verb, fields, who)
        if reply is not None:
            return reply
        if verb.place == COPY:
            return {**await self._do(verb, fields, who), "by": OWN_COPY}
        if leader is None:
            raise UnreachableError(
                "this host reaches no leader; `pressel host status` shows what it sees"
            )
        raise UnreachableError(
            f"{self._name_of(leader)} leads but does not answer; check whether it was done, and "
            f"try again"
        )

    async def _led(
        self, verb: Verb, fields: Fields, who: Asker
    ) -> tuple[bytes | None, Reply | None]:
        """Who leads, and its reply; None where there is none. Who has just stopped to lead has done
        nothing, so the next one is asked."""
        leader, reply = None, None
        for _ in range(LEADERS_MAX):
            leader = await self._leader()
            if leader is None:
                return None, None
            if leader == self._own:
                return leader, await self._do(verb, fields, who)
            reply = await self._forwarded(leader, verb, fields, who)
            if reply is None or not reply.pop("moved", False):
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._news.wait()
        return leader, reply

    async def _answer_host(self, body: bytes, source: bytes) -> Reply:
        request = read_json(body)
        verb, fields = self._read(request)
        who = askers.from_json(fields.pop("who", None), self._name_of(source))
        if verb.place != HERE and self._leader_is() != self._own:
            words = "the leader has just changed; try again"
            return {"error": words, "exit": UnreachableError.exit_code, "moved": True}
        if verb.place == HERE and verb.writes:
            raise UsageError(f"{verb.name} must be asked of the host that it concerns")
        return await self._do(verb, fields, who)

    def _read(self, request: Any) -> tuple[Verb, Fields]:
        if not isinstance(request, dict):
            raise TypeError("a request must be an object")
        fields = dict(request)
        name = fields.pop("ask")
        verb = self._verbs.get(name) if isinstance(name, str) else None
        if verb is None:
            raise ValueError(str(name)[:40])
        return verb, fields

    async def _do(self, verb: Verb, fields: Fields, who: Asker) -> Reply:
        if verb.hosts_only and not who.is_host:
            raise UsageError(f"only other hosts may ask for {verb.name}")
        is_venues = verb.writes and (verb.place == LEADER or verb.venue)
        is_safe = await self._safe(verb) if is_venues else _here
        given = {**fields, WHO: str(who)} if verb.logs else fields
        given = {**given, WHERE: who.host} if verb.says_where else given
        if verb.in_thread:
            answer = await self.in_thread(verb.answer, given)
        else:
            answer = verb.answer(given)
            if inspect.isawaitable(answer):
                answer = await answer
        if verb.writes:
            words = self._tell(verb, fields, who)
            self._on_written()
            await self._keep(verb, words, who)
            on = await is_safe()
            return {"answer": answer, "on": on} if on[1] > 1 else {"answer": answer}
        return {"answer": answer}

    async def _keep(self, verb: Verb, words: str, who: Asker) -> None:
        """In the registry's log, what is not there yet."""
        if verb.logs or verb.is_passing:
            return
        try:
            await self.in_thread(self._record, verb.name, words, str(who))
        except PresselError as error:
            raise PresselError(f"it was done, but the log does not tell it: {error}") from error

    def _tell(self, verb: Verb, fields: Fields, who: Asker) -> str:
        """Who had what done, in the event log of the host that did it; with what values."""
        shown = {name: fields[name] for name in verb.shown if fields.get(name)}
        values = ", ".join(map(_words, shown.values()))
        what = f"{verb.name}: {values}" if values else verb.name
        self._report("asked", {"verb": verb.name, "who": str(who), "what": what, **shown})
        return values

    async def _leader(self) -> bytes | None:
        """The host that leads; waits for an election to end."""
        deadline_s = asyncio.get_running_loop().time() + LEADERLESS_S
        while (leader := self._leader_is()) is None:
            try:
                async with asyncio.timeout_at(deadline_s):
                    await self._news.wait()
            except TimeoutError:
                return None
        return leader

    async def _forwarded(
        self, leader: bytes, verb: Verb, fields: Fields, who: Asker
    ) -> Reply | None:
        """The leader's reply; None when none comes."""
        body = json.dumps({"ask": verb.name, **fields, "who": who.as_json()}).encode()
        told = await self._ask(leader, body)
        if told is None:
            return None
        reply = read_json(told)
        if not isinstance(reply, dict) or not reply.keys() & {"answer", "error"}:
            raise PresselError("the leader runs another version of Pressel; update the older one")
        return {**reply, "by": self._name_of(leader)}


def _words(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{name} {each}" for name, each in value.items()]
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


async def _told(answer: Callable[[], Any]) -> Reply:
    """Its reply, or why there is none, in words."""
    try:
        return await answer()
    except PresselError as error:
        return {"error": str(error), "exit": error.exit_code}
    except OSError as error:
        return {
            "error": f"the system of that host refuses: {error}",
            "exit": PresselError.exit_code,
        }
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return {"error": f"not understood: {error}", "exit": UsageError.exit_code}
