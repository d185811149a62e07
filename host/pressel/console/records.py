"""What is kept of the venue, for pages: who did what, how the promises were kept, and a bundle for
whoever helps. It asks the host, and knows no HTML of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.bundle.contents import contents
from pressel.bundle.page import render
from pressel.bundle.pseudonyms import Pseudonyms
from pressel.doctor.finding import Finding
from pressel.errors import PresselError
from pressel.kpis.hours import hours
from pressel.node.history import all_rows
from pressel.registry import in_words
from pressel.registry.chains import BEGINNING

from . import audit_words
from .host_reader import HostReader

ENTRIES_SHOWN = 200  # the newest; `pressel audit list` has all
PAGES_MAX = 1000  # of a log, which is compacted long before
_UNKEPT = {
    "title": "Who is who was not written down",
    "text": "The host could not write its file. Names that are new in this bundle stay unknown.",
}


@dataclass(frozen=True)
class Verdict:
    """Of a log: whether it `holds`, and a sentence."""

    holds: bool
    words: str


class Records:
    """Of the host whose folder is `state`."""

    def __init__(self, host: HostReader, state: Path) -> None:
        self._host = host
        self._state = state

    async def entries(self) -> list[audit_words.Told]:
        """The newest entries of the host's log, newest first."""
        names: dict[str, str] = {}
        kept: deque[in_words.Line] = deque(maxlen=ENTRIES_SHOWN)
        after = list(BEGINNING)
        for _ in range(PAGES_MAX):
            page = await self._host.ask("audit list", after=after)
            if not page:
                break
            kept.extend(in_words.named(line, names) for line in page)
            after = page[-1]["place"]
        return audit_words.told(reversed(kept))

    async def verify(self) -> Verdict:
        """Whether the log holds, by itself and by what other hosts have of it."""
        try:
            venue = await self._host.ask("audit compare")
            head = await self._host.ask("audit verify", also=[], seen=[])
        except PresselError as error:
            return Verdict(False, f"{error}.")
        words = f"All entries up to {head['entries']} hold."
        for word, said in (
            ("all", " Nothing was cut off: {} has all of it."),
            ("behind", " {} has not heard the last of it yet."),
            ("silent", " {} did not answer."),
        ):
            words += "".join(said.format(name) for name in venue.get(word, []))
        return Verdict(True, words)

    async def promises(self) -> list[dict[str, Any]]:
        """Each hour in which somebody talked, then all of them."""
        seen = await self._host.look()
        return [each.as_json() for each in hours(list(seen.bursts), [])]

    async def bundle(self) -> str:
        """A page without names, texts, addresses and keys."""
        figures = await self._host.ask("figures")
        settings = await self._host.ask("settings")
        seen = await self._host.look()
        status = seen.status.model_dump() if seen.status else None
        cluster = seen.cluster.model_dump() if seen.cluster else None
        past = None
        with contextlib.suppress(PresselError):  # a host of an older version keeps none
            past = await self._host.run(all_rows)
        told = figures, settings, status, list(seen.bursts)
        return await asyncio.to_thread(self._render, told, list(seen.findings), cluster, past)

    def _render(
        self, told: tuple[Any, Any, Any, Any], findings: list[Finding], cluster: Any, past: Any
    ) -> str:
        names = Pseudonyms(self._state)
        made = contents(*told, [], names, time.time(), findings, cluster, past)
        if names.keep():  # its words name a folder, and so perhaps a person
            made["needs"]["todo"].append(_UNKEPT)
        return render(made)
