"""What one host has revoked, all have: each asks the others for the entries of their logs that say
so, whoever leads. A list of devices can be an old one; a revocation is for good.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pydantic import BaseModel, Field

from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.ledger.entry import BODY_BYTES_MAX, INDEX_MAX
from pressel.ledger.signed import SIGNATURE_BYTES, Signed
from pressel.registry.log import PAGE
from pressel.registry.store import Registry
from ptt.base.numbers import HOST_LOST_MS

from .channel.channel import host_of
from .desk.verb import Fields, Verb
from .others import OtherHosts
from .report import Report

HEARD_MS = 5 * HOST_LOST_MS  # who was heard this lately is asked
PAGES_MAX = 100  # a turn: more devices than a registry takes from others
VERB = "log revoked"
_TOO_OLD = (
    "it keeps no log, so what is revoked there while it is apart is heard only when it leads; "
    "update it"
)
_WRONG = "its answer about revoked devices is none; update the older of the two hosts"

InThread = Callable[..., Awaitable[Any]]
WithRegistry = Callable[[Callable[[Registry], Any]], Any]


class Page(BaseModel):
    """Revocations as (number, body, signature in hexadecimal), and the number of the last entry."""

    last: int = Field(ge=0, le=INDEX_MAX)
    entries: list[tuple[int, str, str]] = Field(max_length=PAGE)

    def signed(self) -> list[Signed]:
        """ValueError when an entry cannot be one."""
        told = []
        for _, body, signature in self.entries:
            if len(body) > BODY_BYTES_MAX or len(signature) != 2 * SIGNATURE_BYTES:
                raise ValueError("an entry has a wrong length")
            told.append(Signed(body.encode("ascii"), bytes.fromhex(signature)))
        return told


class Revocations:
    """Of one host. `in_thread` runs what waits for the disk, `with_registry` gives its argument the
    host's registry there; `is_leading` says whether this host leads."""

    def __init__(
        self,
        others: OtherHosts,
        in_thread: InThread,
        with_registry: WithRegistry,
        is_leading: Callable[[], bool],
        report: Report,
    ) -> None:
        self._others = others
        self._in_thread = in_thread
        self._with_registry = with_registry
        self._is_leading = is_leading
        self._report = report
        self._after: dict[bytes, int] = {}  # by host, the entry up to which it was heard
        self._told: dict[bytes, str] = {}  # by host, what was wrong last

    def verbs(self) -> Iterable[Verb]:
        answer = self._page
        yield Verb(
            VERB, lambda fields: self._with_registry(lambda r: answer(r, fields)), in_thread=True
        )

    def _page(self, registry: Registry, fields: Fields) -> dict[str, Any]:
        found = registry.revocations(int(fields["after"]))
        entries = [(n, each.body.decode("ascii"), each.signature.hex()) for n, each in found]
        return {"last": registry.log.last(), "entries": entries}

    async def hear(self, now_ms: int) -> bool:
        """Ask all hosts that are there; was anything revoked by that?"""
        hosts = self._others.channel.hosts()
        for gone in self._after.keys() - set(hosts):
            self._after.pop(gone)
            self._told.pop(gone, None)
        silent = {host: self._others.silent_ms(host, now_ms) for host in hosts}
        there = [host for host, ms in silent.items() if ms is not None and ms < HEARD_MS]
        return any(await asyncio.gather(*map(self._hear, there)))

    async def _hear(self, host: bytes) -> bool:
        """All pages of `host`, which stands alone: what it says keeps out nobody else's word."""
        is_new = False
        try:
            for _ in range(PAGES_MAX):
                page = await self._asked(host)
                if page is None or not page.entries:
                    break
                is_new |= await self._in_thread(self._with_registry, self._obeying(host, page))
                self._after[host] = max(number for number, _, _ in page.entries)
        except PresselError as error:
            self._tell(host, str(error))
        else:
            self._told.pop(host, None)
        return is_new

    async def _asked(self, host: bytes) -> Page | None:
        """The next page of `host`; None when it does not answer. PresselError when it is none."""
        after = self._after.get(host, 0)
        request = {"ask": VERB, "after": after, "who": {"name": "log", "uid": -1}}
        told = await self._others.ask(host, json.dumps(request).encode())
        if told is None:
            return None
        try:
            reply = read_json(told)
            if "error" in reply:
                raise PresselError(_TOO_OLD if VERB in str(reply["error"]) else str(reply["error"]))
            page = Page.model_validate(reply["answer"])
        except (ValueError, KeyError, TypeError):
            raise PresselError(_WRONG) from None
        if any(number <= after for number, _, _ in page.entries):
            raise PresselError(_WRONG)
        if page.last < after:  # its log has begun anew
            self._after.pop(host, None)
        return page

    def _obeying(self, host: bytes, page: Page) -> Callable[[Registry], bool]:
        leads = self._is_leading()

        def obey(registry: Registry) -> bool:
            for each in registry.hosts():
                if host_of(bytes.fromhex(each.public_key)) == host:
                    try:
                        told = page.signed()
                    except ValueError:
                        raise PresselError(_WRONG) from None
                    return bool(registry.obey(told, each.public_key, each.name, leads=leads))
            return False  # it was removed meanwhile

        return obey

    def _tell(self, host: bytes, advice: str) -> None:
        """Report it once, however often it is met."""
        if self._told.get(host) != advice:
            self._report("other_host", {"name": self._others.name_of(host), "advice": advice})
        self._told[host] = advice
