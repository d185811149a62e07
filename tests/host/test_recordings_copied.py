"""A standby copies the leader's recordings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.host.recording_stage import CONTENT, Desk, recorded

from pressel.node.desk.asker import Asker
from pressel.node.desk.desk import Desk as Asked
from pressel.node.recording_copy import RecordingCopy


class Pair:
    """A host that leads, and one that copies from it over both desks."""

    def __init__(self, folder: Path) -> None:
        for name in "ab":
            (folder / name).mkdir()
        self.leader, self.standby = Desk(folder / "a"), Desk(folder / "b")
        self.cuts: list[int] = []  # which request to copy is not answered
        self.asked = 0
        self.desk = self._desk(self.leader, b"a" * 8)
        self.other = self._desk(self.standby, b"b" * 8)
        self.copy = RecordingCopy(self.standby.room, lambda: True)

    def _desk(self, host: Desk, own: bytes) -> Asked:
        return Asked(
            host.room.verbs(), own, lambda: b"a" * 8, self._ask, lambda name: name.decode()[:1],
            lambda event, fields: None,
        )  # fmt: skip

    async def _ask(self, host: bytes, body: bytes) -> bytes | None:
        if json.loads(body)["ask"] == "recordings copy":
            self.asked += 1
            if self.asked in self.cuts:
                return None
        return await self.desk.answer_host(body, b"b" * 8)

    async def follow(self) -> list[tuple[str, int]]:
        await self.copy.follow(self.other)
        return [
            (row["mark"], row["frames"])
            for row in (await self.standby.ask("recordings list"))["recordings"]
        ]


def copied(tmp_path: Path, scenario: Callable[[Pair], Any]) -> Pair:
    pair = Pair(tmp_path)

    async def run() -> None:
        try:
            await scenario(pair)
        finally:
            for host in (pair.leader, pair.standby):
                await host.room.close()
            pair.desk.close()
            pair.other.close()

    asyncio.run(run())
    return pair


def test_what_was_interrupted_is_copied_the_next_time(tmp_path: Path) -> None:
    async def scenario(pair: Pair) -> None:
        at_ms = round((pair.leader.now_s - 2 * 3600) * 1000)
        for number in range(3):
            await pair.leader.room.take_in(recorded(1, at_ms=at_ms), number, CONTENT)
        pair.cuts = [2]
        assert await pair.follow() == [("3-1", 1)]
        assert await pair.follow() == [("3-1", 3)]

    copied(tmp_path, scenario)


def test_what_cannot_be_opened_keeps_nothing_else_from_being_copied(tmp_path: Path) -> None:
    async def scenario(pair: Pair) -> None:
        for burst in (1, 2, 3):
            await pair.leader.put(burst)
        shelf = pair.leader.room._shelf._shelf
        assert shelf is not None

        def damage() -> None:
            shelf._db.execute("UPDATE recording SET head = zeroblob(60) WHERE burst = 1")
            shelf._db.execute("UPDATE piece SET sealed = zeroblob(194) WHERE burst = 2")

        await pair.leader.room._shelf._run(damage)
        for _ in range(2):
            assert await pair.follow() == [("3-3", 1)]

    told = copied(tmp_path, scenario).standby.told
    assert len(told) == 1 and "recording 3-2 is not copied" in told[0][1]["advice"]


def test_no_user_copies_what_only_the_log_lets_be_heard(tmp_path: Path) -> None:
    async def scenario(pair: Pair) -> None:
        await pair.leader.put(1, age_s=3600)
        for desk_ in (pair.desk, pair.other):
            for who in (Asker("standby", 0), Asker("op", 1000)):
                asked = {"ask": "recordings copy", "id": "3-1", "piece": 0}
                assert "only other hosts" in (await desk_.answer(asked, who))["error"]
        asked = {"ask": "recordings copy", "id": "3-1", "piece": 0}
        assert "only other hosts" in (await pair.desk.answer(asked, Asker("x")))["error"]
        assert await pair.follow() == [("3-1", 1)]

    copied(tmp_path, scenario)
