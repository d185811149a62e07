"""Where settings on a host's disk were not what it had written there, and it has written them
again: somebody was at the file, or the disk is failing. The operator is told of all hosts at
once."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.printable import printable

from .desk import Ask
from .verb import HERE, Fields, Verb

MENDS_MAX = 8  # of one host, since it was started: the newest say enough
ANSWER_S = 1.0  # it takes a millisecond; nobody waits for a host that hangs
_WHY_MAX = 500  # characters: a path and some words
_TIME_MAX_S = 1 << 36  # what lies within two thousand years can be shown


class Mend(BaseModel):
    """`host`: its name, "" where that is the one that was asked; `time_s` by its clock."""

    host: str = ""
    time_s: int = Field(ge=0, le=_TIME_MAX_S)
    why: str = Field(max_length=_WHY_MAX)

    def in_words(self) -> str:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.time_s))
        who = self.host or "the host that leads"
        return f"{when}: {who} has written the settings to its disk again, since {self.why}"


_MENDS = TypeAdapter(list[Mend])
_VERB = "settings mended"


class Mends:
    """Of this host. `hosts` gives the others that are there; `ask` asks one, `name_of` names it."""

    def __init__(
        self,
        hosts: Callable[[], list[bytes]] = list,
        ask: Ask | None = None,
        name_of: Callable[[bytes], str] = bytes.hex,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._now_s = now_s
        self._hosts = hosts
        self._ask = ask
        self._name_of = name_of
        self._own: deque[Mend] = deque(maxlen=MENDS_MAX)

    def verbs(self) -> tuple[Verb, ...]:
        return (Verb(_VERB, self.own, place=HERE, hosts_only=True),)

    def add(self, why: str) -> None:
        self._own.append(Mend(time_s=int(self._now_s()), why=why[:_WHY_MAX]))

    def own(self, fields: Fields) -> list[dict[str, Any]]:
        """Of this host, oldest first."""
        return [each.model_dump() for each in self._own]

    async def all(self) -> list[dict[str, Any]]:
        """Of all hosts that are there, oldest first; those of a former version tell none."""
        told = await asyncio.gather(*map(self._of, self._hosts()))
        found = [*self._own, *(each for some in told for each in some)]
        return [each.model_dump() for each in sorted(found, key=lambda each: each.time_s)]

    async def _of(self, host: bytes) -> list[Mend]:
        assert self._ask is not None, "where there are hosts they can be asked"
        body = json.dumps({"ask": _VERB, "who": {"name": "leader", "uid": -1}}).encode()
        try:
            async with asyncio.timeout(ANSWER_S):
                told = read_json(await self._ask(host, body) or b"{}")
            mends = _MENDS.validate_python(told.get("answer") if isinstance(told, dict) else None)
        except (TimeoutError, PresselError, ValueError, ValidationError):
            return []
        name = self._name_of(host)
        shown = [(each, printable(each.why)) for each in mends[-MENDS_MAX:]]
        return [Mend(host=name, time_s=each.time_s, why=why) for each, why in shown]
