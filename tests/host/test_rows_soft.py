"""Situations of soft badges that failed once, by the number that each has in the list of them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from array import array
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.patience import PATIENCE_S
from tests.shared.keys import Directory, device_key, make_leader

from pressel import cli
from pressel.registry.store import Registry
from pressel.soft import badge as badges
from pressel.soft.badge import SoftBadge
from pressel.soft.credential import Credential, credential_file, held_credential, register
from pressel.soft.keys import Lines
from pressel.soft.outbox import WAITING_MAX, TextOutbox
from pressel.soft.thrown_out import ADVICE, ThrownOut
from pressel.soft.words import describe
from pressel.transport.udp import Address, UdpEndpoint
from ptt.base import events
from ptt.base.numbers import FRAME_SAMPLES

ANN, BEN = bytes((1, 0, 0, 0, 0, 0, 0, 1)), bytes((1, 0, 0, 0, 0, 0, 0, 2))


class Silent:
    """A microphone that hears a tone, and nobody listens to the speaker."""

    async def run(self, heard: Callable[[Any], None], wanted: Callable[[], Any]) -> None:
        while True:
            heard(array("h", [3000] * FRAME_SAMPLES))
            wanted()
            await asyncio.sleep(0.02)


class Stage:
    """A leader on a socket of this process, which notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Any]] = []
        self.directory = Directory()
        self.leader = make_leader(1, secrets.randbits(30), directory=self.directory)
        self.endpoint = UdpEndpoint(self.leader, lambda *event: self.told.append(event))

    def texts(self) -> list[str]:
        return [bytes(value[3]).decode() for kind, value in self.told if kind == events.TEXT]

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Address]:
        address = await self.endpoint.open(("127.0.0.1", 0))
        try:
            yield address
        finally:
            self.endpoint.close()


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.01)


def soft(device: bytes, leader: Address, said: list[str], name: str = "x") -> SoftBadge:
    own = Credential(device, device_key(device))
    badge: SoftBadge

    def tell(kind: int, value: Any) -> None:
        line = describe(kind, value, badge.names.of)
        said.extend([line] if line else [])

    badge = SoftBadge(own, name, leader, Silent(), tell, said.append)
    return badge


def test_row_4_what_is_typed_too_early_or_too_fast_is_sent_in_its_order() -> None:
    async def scenario() -> None:
        stage, said = Stage(), list[str]()
        async with stage.open() as address, soft(ANN, address, said) as badge:
            lines = ["the first", "مطبخ\u200c  closes\tat 10", "third"]
            for line in lines:
                badge.type_line(line)
            await until(lambda: len(stage.texts()) == len(lines))
            assert stage.texts() == ["the first", "مطبخ\u200c closes at 10", "third"]
            await until(lambda: len([line for line in said if "has your text" in line]) == 3)
        assert not [line for line in said if "not sent" in line]

    asyncio.run(scenario())


def test_row_4_each_text_that_nobody_gets_is_told() -> None:
    async def scenario() -> list[str]:
        said: list[str] = []
        async with soft(ANN, ("127.0.0.1", 9), said) as badge:
            for number in range(3):
                badge.type_line(f"line {number}")
        return said

    assert asyncio.run(scenario()) == [f"not sent: line {number}" for number in range(3)]


def test_row_4_one_text_is_on_its_way_at_a_time_and_few_wait() -> None:
    sent: list[bytes] = []
    said: list[str] = []

    def submit(text: bytes) -> bool:
        sent.append(text)
        return True

    outbox = TextOutbox(submit, said.append)
    for number in range(WAITING_MAX + 2):
        outbox.write(f"{number}")
    assert (
        sent == [b"0"] and len(said) == 1 and said[0].endswith(f"wait already: {WAITING_MAX + 1}")
    )
    outbox.ended(False)
    assert said[-1] == "not sent: 0" and sent == [b"0", b"1"]
    outbox.ended(True)
    outbox.write("long" * 60)
    outbox.write("\x1b[2J")
    assert sent[-1] == b"2" and "240" in said[-2] and "control a terminal" in said[-1]


def test_row_4_lines_that_come_in_pieces_are_whole() -> None:
    lines = Lines()
    data = "one\nKüche\nlast".encode()
    assert [line for at in range(len(data)) for line in lines.take(data[at : at + 1])] == [
        "one", "Küche",
    ]  # fmt: skip
    assert lines.take(b"") == ["last"] and lines.take(b"") == []


def test_row_19_who_is_thrown_out_again_and_again_is_told_why() -> None:
    """Not who is forgotten once, hears nobody, or is thrown out now and then."""
    thrown = ThrownOut()
    assert [thrown.take(events.LOST, 0, each) for each in (0.0, 16.0, 32.0, 48.0)] == [None] * 4
    for each in (60.0, 61.0, 62.0, 63.0):
        assert thrown.take(events.LOST, 3000, each) is None
        assert thrown.take(events.JOINED, 4, each) is None
    said = [thrown.take(events.LOST, 0, 100.0 + 2 * each) for each in range(60)]
    assert said[:2] == [None] * 2 and said[2] == ADVICE
    assert [at for at, each in enumerate(said) if each] == [2, 32]


def test_row_22_each_name_has_an_identity_of_its_own(tmp_path: Path) -> None:
    found: list[Credential] = []
    for name in ("Ann", "Cy", "Ann", "../Ann", "a/b"):
        file = credential_file(tmp_path, name)
        assert file.parent.parent == tmp_path
        with held_credential(file) as own:
            found.append(own)
    assert found[0] == found[2]
    assert len({own.device for own in found}) == 4
    register(found[0], "Ann", tmp_path / "host")
    register(found[1], "Cy", tmp_path / "host")
    with Registry(tmp_path / "host") as registry:
        assert sorted(each.name for each in registry.devices()) == ["Ann", "Cy"]


def test_row_22_the_one_identity_of_earlier_versions_goes_to_the_first_name(
    tmp_path: Path,
) -> None:
    with held_credential(tmp_path / "soft-badge.json") as former:
        pass
    with held_credential(credential_file(tmp_path, "Ann")) as ann:
        assert ann == former
    with held_credential(credential_file(tmp_path, "Cy")) as cy:
        assert cy != former


def test_row_30_who_talks_is_called_by_name() -> None:
    async def scenario() -> list[str]:
        stage, said = Stage(), list[str]()
        stage.directory.names = {ANN: "Zoë".encode()}
        async with contextlib.AsyncExitStack() as stack:
            address = await stack.enter_async_context(stage.open())
            ann = await stack.enter_async_context(soft(ANN, address, []))
            ben = await stack.enter_async_context(soft(BEN, address, said))
            for each in (ann, ben):
                stack.callback(asyncio.create_task(each.carry_sound()).cancel)
            await until(lambda: all(each.participant.join.node for each in (ann, ben)))
            ann.press()
            await until(lambda: any("talks" in line for line in said))
            ann.release()
            await until(lambda: any("heard" in line for line in said))
        return said

    said = asyncio.run(scenario())
    assert "Zoë talks" in said and not [line for line in said if "node 2" in line]


def test_row_39_a_leader_whose_name_moves_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(badges, "NAME_AGAIN_S", 0.02)

    async def scenario() -> None:
        stage = Stage()
        async with stage.open() as address:
            where = [ValueError("nobody has that name"), ("127.0.0.1", 9), address]

            def resolve(named: Address) -> Address:
                assert named == ("leader.venue", 47800)
                found = where.pop(0) if len(where) > 1 else where[0]
                if isinstance(found, ValueError):
                    raise found
                return found

            monkeypatch.setattr(badges, "resolve", resolve)
            async with soft(ANN, ("127.0.0.1", 9), []) as badge:
                following = asyncio.create_task(badge.follow(("leader.venue", 47800)))
                await until(lambda: badge.participant.join.node)
                following.cancel()

    asyncio.run(scenario())


def test_row_39_the_command_follows_the_name(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    asked: list[Address] = []

    async def run(session: Any, devices: Any) -> None:
        asked.extend((session.named, session.leader))

    monkeypatch.setattr("pressel.soft.run.run_soft", run)
    assert cli.main(["badge", "--leader", "localhost:47811"]) == 0
    assert asked == [("localhost", 47811), ("127.0.0.1", 47811)]
