"""What was said, for a page: which recordings there are, how they sound, and what is done with
them. It asks the host, and knows no HTML of its own."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pressel.errors import PresselError
from pressel.recordings import fetch
from pressel.recordings.burst_mark import mark_of

from .host_reader import HostReader

AT_ONCE = (
    2  # recordings that are made into sound: each takes a core for a moment, and 2 MB a minute
)
OVER = "over"  # the state of what is on its way no more
SENT_MS = 600_000  # since it began: so long the page tells how it ended


@dataclass(frozen=True)
class Recorded:
    """One recording as the host tells it; `is_fresh`: who may talk may hear it."""

    told: dict[str, Any]
    is_fresh: bool


@dataclass(frozen=True)
class Recordings:
    """The newest ones, newest first; `minutes` for how long they are kept, 0: none is made;
    `groups` those of groups with a time of their own."""

    rows: tuple[Recorded, ...]
    minutes: int
    groups: dict[str, int]


class RecordedTalk:
    """Of the host that `host` reads."""

    def __init__(self, host: HostReader) -> None:
        self._host = host
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def all(self) -> Recordings:
        told = await self._host.ask("recordings list")
        until_ms = told.get("replay_until_ms", math.inf)  # a former host does not say it
        rows = [
            Recorded(each, told["replay_from_ms"] <= each["at_ms"] <= until_ms)
            for each in told["recordings"]
        ]
        return Recordings(tuple(rows[::-1]), told["minutes"], told["groups"])

    async def sound(self, person: str, mark: str, purpose: str) -> bytes:
        """A WAV, for `person`. Whatever is not a replay of the last minutes is in the log."""
        mark = str(mark_of(mark))

        def fetched(ask: fetch.Ask) -> bytes:
            def for_person(verb: str, **fields: Any) -> Any:
                return ask(verb, **{"for": person}, **fields)

            if purpose:
                return fetch.as_wav(fetch.opened(for_person, mark, purpose))
            return fetch.as_wav(fetch.replayed(for_person, mark))

        async with self._turns:
            return await self._host.run(fetched)

    async def send(self, person: str, form: Mapping[str, Any], verb: str) -> None:
        """To the badge that `form` names, or to all of the recording's group."""
        name = str(form.get("to", "")).strip()
        fields = {"id": str(mark_of(form["mark"])), "to": [name] if name else []}
        await self._host.ask(f"recordings {verb}", **{"for": person}, **fields)

    async def sent(self) -> dict[str, Any] | None:
        """What is on its way to badges, or was a moment ago; None: nothing, or of a former host,
        which knows no such thing."""
        with contextlib.suppress(PresselError):
            told = await self._host.ask("recordings sent")
            if told and (told["state"] != OVER or time.time() * 1000 - told["at_ms"] < SENT_MS):
                return told
        return None

    async def stop(self, person: str) -> None:
        """End what is on its way."""
        await self._host.ask("recordings stop", **{"for": person})

    async def act(self, person: str, form: Mapping[str, Any], what: str) -> None:
        """Delete, hold or release what `form` names. ValueError when it is none of these."""
        mark = str(mark_of(form["mark"]))
        fields: dict[str, Any] = {"id": mark}
        if what == "delete":
            fields = {"ids": [mark]}
        elif what == "hold":
            fields["why"] = str(form["why"])
        elif what != "release":
            raise ValueError(what)
        await self._host.ask(f"recordings {what}", **{"for": person}, **fields)
