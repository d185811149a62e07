"""What the tests of recordings share: a venue that is recorded, a shelf's contents, and a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.shared.venue import Venue

from pressel.node.desk.recordings import Recordings
from pressel.recordings import frames
from pressel.recordings.burst_mark import Mark
from pressel.recordings.recorder import Piece, Recorder
from pressel.recordings.shelf import Recorded, Shelf
from pressel.registry.store import Registry
from ptt.base.numbers import FRAME_SAMPLES

HOUR_MS = 3_600_000


class Taken:
    """A venue in virtual time whose talk is recorded."""

    def __init__(
        self,
        is_wanted: Callable[[int], bool] = lambda group: True,
        badges: int = 2,
        venue: Venue | None = None,
    ) -> None:
        self.venue = venue or Venue(badges=badges, is_coded=True)
        self.pieces: list[Piece] = []
        self.recorder = Recorder(
            lambda: self.venue.leader, is_wanted, self.pieces.append,
            lambda: self.venue.now_ms / 1000,
        )  # fmt: skip
        self.follow()
        self.venue.run(1000)

    def follow(self) -> None:
        self.recorder.follow(self.venue.leader)
        self.venue.leader.groups.watch = self.recorder

    def talk(self, name: str, ms: int) -> None:
        self.venue.press(name)
        self.venue.run(ms)
        self.venue.release(name)
        self.venue.run(1000)

    def heard(self, piece: Piece) -> list[tuple[int, int]]:
        """As (lease, number) of the frames that were spoken."""
        pcm = frames.sound([piece.content()])
        each = 2 * FRAME_SAMPLES
        found = (pcm[at : at + each] for at in range(0, len(pcm), each))
        return [self.venue.prints.get(frame, (0, 0)) for frame in found]


def recorded(burst: int = 7, *, group: int = 1, at_ms: int = 1000, held: bool = False) -> Recorded:
    return Recorded(Mark(3, burst), group, "Zaphod", "02" * 8, at_ms, 20, 1, held)


def found(kept: Shelf, burst: int = 7) -> Recorded:
    told = kept.find(Mark(3, burst))
    assert told is not None
    return told


CONTENT = b"\0\0" + b"secret words" * 13 + b"1234567"[:7] + b"\0"


class Desk:
    """Recordings of a host with a registry, without its event loop's other rooms."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.now_s = 1_800_000_000.0
        self.leapt_s = 0.0  # of `now_s`, what no steady clock has counted
        self.kept: tuple[int, dict[int, int]] | None = (60, {})
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.leader = Venue(badges=0).leader
        Registry(state).close()
        self.room = Recordings(
            state, lambda: self.leader, lambda: self.kept, self.in_thread, self.registry,
            lambda event, fields: self.told.append((event, fields)), lambda: self.now_s,
            lambda: self.now_s - self.leapt_s,
        )  # fmt: skip
        self.verbs = {each.name: each for each in self.room.verbs()}

    async def in_thread(self, call: Callable[..., Any], *values: Any) -> Any:
        return call(*values)

    def registry(self, act: Callable[[Registry], Any]) -> Any:
        with Registry(self.state) as registry:
            return act(registry)

    async def put(self, burst: int, age_s: float = 60, group: int = 1) -> None:
        at_ms = round((self.now_s - age_s) * 1000)
        await self.room.take_in(recorded(burst, group=group, at_ms=at_ms), 0, CONTENT)

    async def ask(self, verb: str, **fields: Any) -> Any:
        return await self.verbs[verb].answer({"who": "boss", **fields})

    def log(self) -> list[tuple[str, str | None, str | None]]:
        with Registry(self.state) as registry:
            told = registry.about_venue()
        return [(t.entry.verb, t.texts.get("what"), t.texts.get("who")) for t in told]


def at_desk(tmp_path: Path, scenario: Callable[[Desk], Any]) -> Desk:
    made = Desk(tmp_path)

    async def run() -> None:
        try:
            await scenario(made)
        finally:
            await made.room.close()

    asyncio.run(run())
    return made


DAY_S = 86_400
