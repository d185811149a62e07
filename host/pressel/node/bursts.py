"""The last bursts of the leader on this host, as it tells them to `ptt.leader.watch`: who waited
how long, who talked, and what each listener heard. Commands, metrics and the console read them in
pages.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pressel.schema.sentences import event_fields
from ptt.base import clock
from ptt.leader.leader import Leader
from ptt.wire.messages import CODEC_G722, CODEC_IMA_ADPCM, CODEC_OPUS

from .badge_state import times
from .burst_state import BurstState
from .desk.verb import LEADER, Fields, Verb
from .report import Report

KEPT_MAX = 500  # a busy hour
HEARINGS_MAX = 20_000  # of all of them: 200 bytes each, so 4 MB; 80 bursts to 250 listeners
OPEN_MAX = 64  # bursts that are not settled: 8 of each of the 8 busiest groups
WAITING_MAX = 256  # those that wait for a floor: a place for each member
NAMED_MAX = 5  # of those for whom a burst is coded anew: more make no line that anybody reads
PAGE_HEARINGS_MAX = 250  # their page is made between two datagrams: 0.3 ms

CODECS = {CODEC_IMA_ADPCM: "IMA-ADPCM", CODEC_G722: "G.722", CODEC_OPUS: "Opus"}

# What a listener heard: its name and device, as its member has them, played, concealed, late, and
# its round trip and playout delay in ms, as it has reported them.
_Hearing = tuple[bytes, bytes, int, int, int, int | None, int | None]


@dataclass
class _Told:
    """A burst without its hearings, and these as small as can be."""

    state: BurstState
    hearings: list[_Hearing]

    def as_json(self) -> dict[str, Any]:
        hearings = [
            {"name": name.decode(), "device": device.hex(), "played": played,
             "concealed": concealed, "late": late, "trip_ms": trip_ms, "delay_ms": delay_ms}
            for name, device, played, concealed, late, trip_ms, delay_ms in self.hearings
        ]  # fmt: skip
        return {**self.state.model_dump(), "hearings": hearings}


class Bursts:
    """`leader` gives the engine that leads here, None when none does; `now_s` the time of day in
    seconds since 1970; `report` is told when a burst is coded anew for somebody. `follow` is to be
    called with each new engine."""

    def __init__(
        self,
        leader: Callable[[], Leader | None],
        now_s: Callable[[], float] = time.time,
        report: Report = lambda event, fields: None,
    ) -> None:
        self._leader = leader
        self._now_s = now_s
        self._report = report
        self._run = secrets.token_hex(4)
        self._term = 0
        self._place = 0
        self._over: deque[_Told] = deque()
        self._hearings = 0  # in all that are over
        self._open: dict[int, _Told] = {}
        self._began_ms: dict[int, int] = {}
        self._waiting: dict[int, tuple[int, int]] = {}  # node -> its request, since when

    def follow(self, leader: Leader) -> None:
        """Watch `leader` from now on; what its predecessor left open stays untold."""
        self._term = leader.term
        self._open.clear()
        self._began_ms.clear()
        self._waiting.clear()
        leader.groups.watch = self

    def verbs(self) -> tuple[Verb, ...]:
        return (Verb("bursts", self.page, place=LEADER),)

    def page(self, fields: Fields) -> dict[str, Any]:
        """A `BurstPage` of those behind place `after`, as many as have PAGE_HEARINGS_MAX hearings
        together, but at least one. `newest` true: the last of them rather than the first.
        ValueError for a place that is no number."""
        after = int(fields.get("after", 0))
        found = [each for each in self._over if each.state.place > after]
        if fields.get("newest"):
            found.reverse()
        taken, hearings = [], 0
        for each in found:
            hearings += len(each.hearings) + 1
            if taken and hearings > PAGE_HEARINGS_MAX:
                break
            taken.append(each)
        if fields.get("newest"):
            taken.reverse()
        bursts = [each.as_json() for each in taken]
        return {"run": self._run, "newest": self._place, "bursts": bursts}

    # --- what a leader tells ---

    def queued(self, node: int, request: int, now_ms: int) -> None:
        known = self._waiting.get(node)
        if known is not None and known[0] == request:
            return
        if known is None and len(self._waiting) >= WAITING_MAX:
            self._waiting.pop(next(iter(self._waiting)))
        self._waiting[node] = (request, now_ms)

    def begun(self, group: int, lease: int, talker: int, request: int, now_ms: int) -> None:
        name, device = self._who(talker)
        asked, since_ms = self._waiting.pop(talker, (request, now_ms))
        if asked != request:  # it let go of an earlier one before its turn came
            since_ms = now_ms
        while len(self._open) >= OPEN_MAX:
            self._close(next(iter(self._open)))
        self._began_ms[lease] = now_ms
        state = BurstState(
            place=0, burst=lease, term=self._term, group=group, talker=name.decode(),
            device=device.hex(), at=round(self._now_s(), 3),
            waited_ms=clock.since(now_ms, since_ms),
            lasted_ms=0, cause="", listeners=0, heard=0, whole=0, hearings=[],
            trip_ms=self._told_by(talker)[0],
        )  # fmt: skip
        self._open[lease] = _Told(state, [])

    def ended(self, lease: int, cause: int, now_ms: int) -> None:
        told = self._open.get(lease)
        if told is not None:
            told.state.lasted_ms = clock.since(now_ms, self._began_ms[lease])
            told.state.cause = event_fields("floor_freed", (0, lease, cause))["cause"]
            leader = self._leader()
            if leader is not None:
                group = told.state.group
                told.state.packet_frames = leader.voice.fanout.frames(group)
                told.state.codec = CODECS[leader.groups.coding.codec_of(group, lease)]

    def coded_anew(self, group: int, lease: int, talker: int, codec: int, nodes: list[int]) -> None:
        told = self._open.get(lease)
        if told is not None:
            told.state.coded_anew += len(nodes)
        names = [self._who(node)[0].decode() for node in nodes[:NAMED_MAX]]
        if len(nodes) > len(names):
            names.append(f"{len(nodes) - len(names)} more")
        listeners = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        fields = {"talker": self._who(talker)[0].decode(), "lease": lease, "group": group}
        self._report(
            "coded_anew",
            {**fields, "codec": CODECS[codec], "listeners": listeners, "count": len(nodes)},
        )

    def reported(self, lease: int, node: int, played: int, concealed: int, late: int) -> None:
        told = self._open.get(lease)
        if told is not None:
            heard = played, concealed, late
            told.hearings.append((*self._who(node), *heard, *self._told_by(node)))

    def settled(self, counts: tuple[int, int, int, int]) -> None:
        lease, listeners, heard, whole = counts
        told = self._open.get(lease)
        if told is not None:
            told.state.listeners, told.state.heard, told.state.whole = listeners, heard, whole
            self._close(lease)

    # --- inside ---

    def _close(self, lease: int) -> None:
        told = self._open.pop(lease)
        del self._began_ms[lease]
        self._place += 1
        told.state.place = self._place
        self._over.append(told)
        self._hearings += len(told.hearings)
        while len(self._over) > KEPT_MAX or self._hearings > HEARINGS_MAX:
            self._hearings -= len(self._over.popleft().hearings)

    def _told_by(self, node: int) -> tuple[int | None, int | None]:
        """Round trip and playout delay, as the member has reported them last."""
        leader = self._leader()
        member = leader.members.by_node(node) if leader is not None else None
        return (None, None) if member is None or member.report is None else times(member.report)

    def _who(self, node: int) -> tuple[bytes, bytes]:
        leader = self._leader()
        member = leader.members.by_node(node) if leader is not None else None
        return (str(node).encode(), b"") if member is None else (member.name, member.device)
