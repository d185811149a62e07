"""What is wrong with this host's computer, and with those of the others: whoever looks at one page
sees all of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pressel.doctor import computers
from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.transport.udp import engine_now_ms

from ..others import OtherHosts
from ..standbys import HEARD_MS
from .verb import Fields, Verb

ANSWER_S = 10.0  # a disk that is slow is tried three times
LOOK_S = 8.0  # of this one, so that who asks from another host still hears the answer
_ASK = json.dumps({"ask": computers.ONE, "who": {"name": "computers", "uid": -1}}).encode()

Told = list[dict[str, Any]]


class Computers:
    """Of the host with the folder `state`, and of the `others`. `look` looks at this one, for
    `look_s` at most."""

    def __init__(
        self,
        state: Path,
        others: OtherHosts,
        look: Callable[[Path], Told] = computers.told_here,
        look_s: float = LOOK_S,
    ) -> None:
        self._state = state
        self._others = others
        self._look = look
        self._look_s = look_s
        self._looking: asyncio.Future[Told] | None = None

    def verbs(self) -> tuple[Verb, ...]:
        return (Verb(computers.ONE, self._own), Verb(computers.ALL, self._all))

    async def _own(self, fields: Fields) -> Told:
        """In a thread of its own: what the desk writes shall not wait for it. There is one look at
        a time, whoever asks: a disk that hangs takes one thread of those that all share."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(asyncio.to_thread(self._look, self._state))
        done, _ = await asyncio.wait({self._looking}, timeout=self._look_s)
        return self._looking.result() if done else computers.told_stuck(self._look_s)

    async def _all(self, fields: Fields) -> dict[str, Told]:
        """By the names of hosts, "" for this one. Who does not answer is not among them."""
        others, now_ms = self._others, engine_now_ms()
        silent = {host: others.silent_ms(host, now_ms) for host in others.channel.hosts()}
        there = [host for host, ms in silent.items() if ms is not None and ms < HEARD_MS]
        asked = asyncio.gather(*map(self._ask, there))
        found = {"": await self._own({})}
        for host, told in zip(there, await asked, strict=True):
            if told is not None:
                found[others.name_of(host)] = told
        return found

    async def _ask(self, host: bytes) -> Told | None:
        answer: bytes | None = None
        with contextlib.suppress(TimeoutError, PresselError):
            async with asyncio.timeout(ANSWER_S):
                answer = await self._others.ask(host, _ASK)
        return read(answer)


def read(answer: bytes | None) -> Told | None:
    """What another host says of its computer; None where it says nothing that can be believed, as
    one of a former version does."""
    with contextlib.suppress(ValueError, ValidationError):
        reply = read_json(answer or b"null")
        if isinstance(reply, dict):
            told = computers.Computers.model_validate({"hosts": {"": reply.get("answer")}})
            return [each.model_dump() for each in told.hosts[""]]
    return None
