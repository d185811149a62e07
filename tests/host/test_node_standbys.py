"""When a change is safe: which hosts must have it, and what is said when they do not answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from pressel.errors import UnreachableError
from pressel.node import standbys
from pressel.node.standbys import Standbys
from ptt.cluster.journal import ACK, Journal, answer

B, C = b"host b  ", b"host c  "
SETTINGS = 5


class Stage:
    """A leader of a venue of three (a quorum of two), or of two hosts (of one)."""

    def __init__(self, *others: bytes) -> None:
        self.journal = Journal(9, self)
        for host in others:
            self.journal.add_standby(host, 0)
        self.leader: Any = SimpleNamespace(journal=self.journal)
        voters = SimpleNamespace(quorum=2 if len(others) > 1 else 1)
        self.host: Any = SimpleNamespace(
            leader=self.leader, election=SimpleNamespace(voters=voters)
        )
        self.asked: list[tuple[bytes, str]] = []
        self.answers: Mapping[bytes, bytes] = {}
        self.silent: dict[bytes, int | None] = dict.fromkeys(others, 10)
        self.standbys = Standbys(
            self.host, lambda host, now_ms: self.silent[host], self.ask, lambda: None
        )
        self.journal.changed(SETTINGS, 0)
        self.journal.flush(0)

    async def ask(self, host: bytes, body: bytes) -> bytes | None:
        self.asked.append((host, json.loads(body)["ask"]))
        return self.answers.get(host)

    def write_record(self, kind: int, number: int, now_ms: int) -> bytes:
        return b"record"

    def acknowledge(self, host: bytes) -> None:
        entries = []
        while (each := self.journal.poll_transmit()) is not None:
            entries.append(each)
        generation = next(each.data[1] for each in entries if each.destination == host)
        self.journal.receive(host, answer(ACK, generation, 9, self.journal.position), 0)
        for each in entries:
            self.journal._out.append(each)
        self.standbys.look()


async def begun(stage: Stage) -> asyncio.Future[None]:
    asked = asyncio.ensure_future(stage.standbys.confirm(stage.leader, 3))
    await asyncio.sleep(0)
    return asked


def test_everybody_who_is_there_is_waited_for() -> None:
    async def scenario() -> None:
        stage = Stage(B, C)
        asked = await begun(stage)
        stage.acknowledge(B)
        await asyncio.sleep(0.01)
        assert not asked.done()  # C may be the next leader
        stage.acknowledge(C)
        await asked

    asyncio.run(scenario())


@pytest.mark.parametrize("silent_ms", [None, standbys.HEARD_MS])
def test_who_is_not_there_is_not_waited_for(silent_ms: int | None) -> None:
    async def scenario() -> None:
        alone = Stage(B)
        alone.silent[B] = silent_ms
        await (await begun(alone))
        stage = Stage(B, C)
        stage.silent[C] = silent_ms
        asked = await begun(stage)
        stage.acknowledge(B)
        await asked

    asyncio.run(scenario())


def test_who_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standbys, "CONFIRM_S", 0.01)

    async def scenario() -> None:
        await (await begun(Stage(B)))  # of two hosts either may lead alone
        stage = Stage(B, C)
        with pytest.raises(UnreachableError, match="too few other hosts"):
            await (await begun(stage))
        stage.acknowledge(C)
        await (await begun(stage))  # two of three are a majority

    asyncio.run(scenario())


def test_what_is_on_too_few_disks_is_not_done() -> None:
    """All know it, and have not written it down."""

    async def scenario() -> None:
        for disks, is_done in ((1, False), (2, True)):
            stage = Stage(B, C)
            asked = asyncio.ensure_future(stage.standbys.confirm(stage.leader, disks))
            await asyncio.sleep(0)
            stage.acknowledge(B)
            stage.acknowledge(C)
            if is_done:
                await asked
            else:
                with pytest.raises(UnreachableError, match="too few other hosts"):
                    await asked

    asyncio.run(scenario())


def test_before_a_leader_goes_all_who_are_there_have_its_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A quorum is not enough: one that has just started may be elected."""

    async def scenario() -> None:
        stage = Stage(B, C)
        waiting = asyncio.ensure_future(stage.standbys.prepare())
        await asyncio.sleep(0)
        stage.acknowledge(B)
        await asyncio.sleep(0)
        assert not waiting.done()
        stage.acknowledge(C)
        await waiting
        asked = asyncio.ensure_future(stage.standbys.prepare())
        await asyncio.sleep(0)
        stage.acknowledge(B)
        await asyncio.sleep(0)
        assert not asked.done()  # C was restarted since, and nobody has noticed
        stage.acknowledge(C)
        await asked
        stage = Stage(B, C)
        stage.silent = {B: None, C: standbys.HEARD_MS}
        await stage.standbys.prepare()  # nobody is there
        stage.silent = {B: 10, C: 10}
        stage.host.leader = None
        await stage.standbys.prepare()  # it does not lead
        monkeypatch.setattr(standbys, "CONFIRM_S", 0.0)
        await Stage(B).standbys.prepare()  # who hangs keeps nobody from going

    asyncio.run(scenario())


def test_nothing_is_done_by_who_no_longer_leads() -> None:
    async def scenario() -> None:
        stage = Stage(B, C)
        asked = await begun(stage)
        stage.host.leader = SimpleNamespace(journal=stage.journal)  # it leads again, in a new term
        stage.standbys.look()
        with pytest.raises(UnreachableError, match="taken over meanwhile"):
            await asked
        with pytest.raises(UnreachableError, match="taken over meanwhile"):
            await stage.standbys.confirm(None, 3)

    asyncio.run(scenario())


def test_what_standbys_copy_is_safe_when_they_have_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    yes, no = b'{"answer": true}', b'{"answer": false}'

    async def scenario() -> None:
        stage = Stage(B, C)
        for answers in ({B: yes}, {B: no, C: yes}, {B: yes, C: b"[[["}):
            stage.answers = answers
            await stage.standbys.confirm_copies(stage.leader)
        assert stage.asked[:2] == [(B, "update look"), (C, "update look")]
        for answers in ({}, {B: no}, {B: b'{"error": "not understood"}', C: b"17"}):
            stage.answers = answers
            with pytest.raises(UnreachableError, match="too few other hosts"):
                await stage.standbys.confirm_copies(stage.leader)
        alone = Stage(B)
        await alone.standbys.confirm_copies(alone.leader)  # of two hosts either may lead alone
        stage.answers = {B: yes, C: yes}
        stage.host.leader = None
        with pytest.raises(UnreachableError, match="taken over meanwhile"):
            await stage.standbys.confirm_copies(stage.leader)

    asyncio.run(scenario())
