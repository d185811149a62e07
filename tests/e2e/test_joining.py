"""Badges on another machine come in by a code, or by the operator's approval, as people do it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.e2e.command import Command, run, running, typed
from tests.e2e.stage import words

from pressel.demo.venue import STATE
from pressel.enrol.client import Newcomer
from pressel.enrol.search import find_leader
from pressel.transport.udp import parse_address


def credential(work: Path, number: int) -> str:
    """A badge that no registry knows; a real one makes its file itself."""
    file = work / f"own-{number}.json"
    key = bytes((number,) * 32).hex()
    file.write_text(json.dumps({"device": f"50000000000000{number:02x}", "key": key}))
    return str(file)


async def address_of(leader: Command) -> str:
    await leader.line(" badges at ")
    return leader.err.split(" badges at ")[1].split()[0]


@pytest.mark.sweep(1)
@pytest.mark.parametrize(
    "host", [("leader",), ("node", "--hosts", "127.0.0.1:0", "--no-discovery")]
)
def test_by_approval_and_by_code(work: Path, wav, host: tuple[str, ...]) -> None:
    state = work / STATE
    speech = wav("hello.wav", words(1, 1.0).pcm)

    async def scenario() -> None:
        options = ("--listen", "127.0.0.1:0", "--state", state, "--joining", "approval")
        control = ("--control", work / "c")
        async with running(work / "leader", *host, *options, *control) as leader:
            address = await address_of(leader)
            asker = Newcomer(bytes(8), "asker", bytes(32))
            there = parse_address(address, 0)
            assert await asyncio.to_thread(find_leader, there, asker) == there

            def badge(number: int, *more: str | Path) -> tuple[str | Path, ...]:
                own = ("--credential", credential(work, number), "--name", f"N{number}")
                return ("badge", "--leader", address, *own, *more)

            stranger = badge(1, "--record", work / "heard.wav")
            async with running(work / "unknown", *stranger) as command:
                await command.line("does not know this badge")
            async with running(work / "asks", *stranger, "--ask") as command:
                await command.line("pressel device approve")
                code = command.err.split("device approve ")[1][:9]
                waiting = await typed("device", "pending", "--state", state)
                assert code in waiting.out and "N1" in waiting.out
                await leader.line(f"approve {code}")
                approved = await typed("device", "approve", code, "--state", state)
                assert approved.code == 0, approved.err
                await command.line("joined")

            made = await typed("device", "invite", "--json", "--state", state)
            code = json.loads(made.out)["code"]
            spoken = await run(work / "invited", *badge(2, "--invite", code, "--wav", speech))
            assert spoken.code == 0, spoken.err
            again = await run(work / "again", *badge(3, "--invite", code, "--wav", speech))
            assert again.code != 0 and again.is_one_sentence() and "used" in again.err
            assert "Traceback" not in leader.err
            for number in (1, 2, 3):
                assert bytes((number,) * 32).hex() not in leader.err

    asyncio.run(scenario())
