"""Reads the host through its control socket for all pages together: as seldom as will do, and not
at all while nobody looks.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from pressel.doctor.finding import Finding
from pressel.errors import PresselError
from pressel.health.order import disorder
from pressel.health.verdict import VenueHealth, judge
from pressel.node.burst_state import BurstPage, BurstState
from pressel.node.leader_state import LeaderState
from pressel.node.node_state import NodeState

FRESH_S = 0.9  # what is older is read again; pages are renewed each second
WAITING_FRESH_S = 3.0  # of newcomers: the registry lies on a disk
KEPT_MAX = 1000  # bursts: those that a host keeps, and those that it has forgotten since
HEARINGS_MAX = 40_000  # of all of them: 140 bytes each, so 6 MB
FIRST_S = 1.0  # a disk that is sound takes a hundredth of it
EXAMINED_S = 60.0  # a disk fills and a clock is set by hand: nobody waits for the second
JUDGED_S = 5.0  # a verdict on everybody holds for so long: for a large venue it takes 0.1 s
PAGES_MAX = 4  # of bursts in one look; the rest comes with the next

Ask = Callable[..., Any]
T = TypeVar("T")


@dataclass
class Seen:
    """What is known: `status` None with `why` while no leader answers. `number` goes up with each
    look."""

    number: int = 0
    status: LeaderState | None = None
    why: str = ""
    bursts: deque[BurstState] = field(default_factory=deque)
    hearings: int = 0  # in all of `bursts`
    health: VenueHealth = field(default_factory=lambda: judge((), 0.0))
    findings: list[Finding] = field(default_factory=list)  # of the hosts' computers
    cluster: NodeState | None = None  # as this host sees it


class HostReader:
    """`ask(verb, **fields)` asks the host, may block, and raises PresselError when it refuses or is
    not there; `examine` looks at the hosts' computers, and may block, too."""

    def __init__(
        self,
        ask: Ask,
        now_s: Callable[[], float] = time.time,
        examine: Callable[[], list[Finding]] = list,
    ) -> None:
        self._ask = ask
        self._examine = examine
        self._examining: asyncio.Future[None] | None = None
        self._examined_s: float = 0.0
        self._is_examined = False
        self._now_s = now_s
        self._turn = asyncio.Lock()  # for newcomers
        self._reading: asyncio.Future[None] | None = None  # one at a time, whoever waits for it
        self._asks = 0
        self._seen = Seen()
        self._read_s: float | None = None
        self._run = ""
        self._place = 0
        self._newcomers: list[dict[str, Any]] = []
        self._asked_s: float | None = None
        self._judged_s: float | None = None

    async def look(self) -> Seen:
        """What is known now, at most FRESH_S old."""
        for _ in range(2):  # what was under way may be of before somebody changed something
            if self._read_s is not None and time.monotonic() - self._read_s < FRESH_S:
                break
            if self._reading is None or self._reading.done():
                self._reading = asyncio.ensure_future(self._read_in_thread())
            await asyncio.shield(self._reading)  # a page that is closed meanwhile ends no thread
        await self._look_at_computers()
        return self._seen

    async def newcomers(self, state: str) -> list[dict[str, Any]]:
        """The devices that wait in the registry's `state`, at most WAITING_FRESH_S old; none while
        no host answers."""
        async with self._turn:
            now_s = time.monotonic()
            if self._asked_s is None or now_s - self._asked_s >= WAITING_FRESH_S:
                self._asked_s = now_s
                try:
                    self._newcomers = await asyncio.to_thread(self._ask, "device list", state=state)
                except PresselError:
                    self._newcomers = []
            return self._newcomers

    async def ask(self, verb: str, **fields: Any) -> Any:
        """The host's own answer, now. PresselError in words for people."""
        try:
            return await asyncio.to_thread(self._ask, verb, **fields)
        finally:
            self._read_s = self._asked_s = None  # what is shown next must have it
            self._asks += 1

    async def _look_at_computers(self) -> None:
        """When it is time. Pages go on meanwhile; only the first one waits a moment."""
        if self._examining is None or self._examining.done():
            now_s = time.monotonic()
            if self._examining is None or now_s - self._examined_s >= EXAMINED_S:
                self._examined_s = now_s
                self._examining = asyncio.ensure_future(asyncio.to_thread(self._examine_now))
        if not self._is_examined:
            await asyncio.wait({self._examining}, timeout=FIRST_S)

    async def run(self, act: Callable[[Ask], T]) -> T:
        """What `act` makes of the host's answers, which it asks for by itself, in a thread."""
        return await asyncio.to_thread(act, self._ask)

    async def _read_in_thread(self) -> None:
        asked = self._asks
        await asyncio.to_thread(self._read)
        if asked == self._asks:  # else what was read may be of before
            self._read_s = time.monotonic()

    # --- in a thread ---

    def _read(self) -> None:
        seen = self._seen
        try:
            seen.status = LeaderState.model_validate(self._ask("status"))
            self._read_bursts()
            seen.why = ""
        except ValidationError:
            seen.status, seen.why = None, "the host is of another version; update the older one"
        except PresselError as error:
            seen.status, seen.why = None, str(error)
        try:
            seen.cluster = NodeState.model_validate(self._ask("host status"))
        except (ValidationError, PresselError):
            seen.cluster = None
        self._judge()
        seen.number += 1

    def _read_bursts(self) -> None:
        for _ in range(PAGES_MAX):
            page = BurstPage.model_validate(self._ask("bursts", after=self._place))
            if page.run != self._run:
                was_other, self._run, self._place = bool(self._run), page.run, 0
                if was_other:
                    continue
            self._keep(page.bursts)
            if self._place >= page.newest:
                return

    def _keep(self, bursts: list[BurstState]) -> None:
        """In a copy: a page may be reading the former."""
        if not bursts:
            return
        seen = self._seen
        kept = deque((*seen.bursts, *bursts))
        hearings = seen.hearings + sum(len(each.hearings) for each in bursts)
        while len(kept) > KEPT_MAX or hearings > HEARINGS_MAX:
            hearings -= len(kept.popleft().hearings)
        seen.bursts, seen.hearings = kept, hearings
        self._place = bursts[-1].place

    def _judge(self) -> None:
        now_s = time.monotonic()
        if self._judged_s is None or now_s - self._judged_s >= JUDGED_S:
            self._judged_s = now_s
            self._seen.health = judge(self._seen.bursts, self._now_s(), disorder(self._seen.status))

    def _examine_now(self) -> None:
        self._seen.findings = self._examine()
        self._is_examined = True
