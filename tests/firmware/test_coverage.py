"""The firmware as a person uses it, on real MicroPython, and which of its statements that ran.

Two traced badges: press, talk, be heard, wait in the queue, cancel, lose the leader. The table goes
to build/coverage/firmware.txt, which `make coverage` prints.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.firmware.executed import (
    FileCoverage,
    measure,
    merge,
    read_sources,
    report,
    total_percent,
)

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.demo.actor import Actor
from pressel.demo.venue import LeaderProcess, run_leader
from pressel.firmware import FirmwareBuild, build_firmware
from pressel.virtual import VirtualBadge, now_ms

pytestmark = pytest.mark.e2e

RESULT = Path(__file__).resolve().parents[2] / "build" / "coverage" / "firmware.txt"
FIRMWARE = ("main.py", "lib/app/", "lib/hal/")  # where in the flash the folder firmware/ lies
FIRMWARE_PERCENT_MIN = 90.0  # main.py and boot.run never run: the virtual badge steps itself
ENGINES_PERCENT_MIN = 80.0  # as a badge uses them; tests/shared looks at every row of them

RATE_HZ = 16000


def tone(duration_ms: int) -> np.ndarray:
    """Something to say."""
    at = np.arange(duration_ms * RATE_HZ // 1000)
    return (8000 * np.sin(at * 2 * np.pi * 300 / RATE_HZ)).astype(np.int16)


@asynccontextmanager
async def traced_badges(
    names: Sequence[str], firmware: FirmwareBuild, leader: str, work: Path
) -> AsyncIterator[list[Actor]]:
    """Joined badges; when they are through, `work` holds a trace of each."""
    actors = []
    for number, name in enumerate(names, start=1):
        config = {
            "device": f"{number:016x}",
            "name": name,
            "leader": leader,
            "wifi": {"ssid": "test", "password": ""},
        }
        badge = VirtualBadge(
            name,
            firmware=firmware,
            board=load_board(DEFAULT_BOARD).facts(),
            config=config,
            work=work / name,
            trace=work / f"{name}.json",
        )
        actors.append(Actor(badge))
    try:
        await asyncio.gather(*(actor.start() for actor in actors))
        yield actors
        await asyncio.gather(*(actor.stop() for actor in actors))
    finally:
        for actor in actors:
            actor.badge.kill()


async def talk_and_be_heard(talker: Actor, listener: Actor) -> None:
    said = await talker.press_and_speak(tone(400))
    await listener.wait_for("heard", lambda value: value[1] == said.lease)
    await talker.wait_for("released", lambda value: value == said.lease)


async def wait_and_talk(first: Actor, second: Actor) -> None:
    """Both want the floor: one waits in the queue and talks when it is free."""
    first.badge.press()
    await first.wait_for("granted", after_ms=now_ms() - 50)
    asked_ms = now_ms()
    second.badge.press()
    await second.wait_for("queued", after_ms=asked_ms)
    first.badge.release()
    await second.wait_for("granted", after_ms=asked_ms)
    second.badge.release()
    await second.wait_for("released", after_ms=asked_ms)


async def cancel(first: Actor, second: Actor) -> None:
    """The second lets go while it waits."""
    asked_ms = now_ms()
    first.badge.press()
    await first.wait_for("granted", after_ms=asked_ms)
    second.badge.press()
    await second.wait_for("queued", after_ms=asked_ms)
    second.badge.release()
    await second.wait_for("released", after_ms=asked_ms)
    first.badge.release()
    await first.wait_for("released", after_ms=asked_ms)


async def lose_the_leader(leader: LeaderProcess, badges: Sequence[Actor]) -> None:
    leader.process.kill()
    await asyncio.gather(*(badge.wait_for("lost") for badge in badges))
    asked_ms = now_ms()
    badges[0].badge.press()
    await badges[0].wait_for("denied", after_ms=asked_ms)
    badges[0].badge.release()
    await badges[0].wait_for("release", after_ms=asked_ms)


async def use(firmware: FirmwareBuild, work: Path) -> None:
    async with (
        run_leader(work) as leader,
        traced_badges(("A", "B"), firmware, leader.address, work) as badges,
    ):
        first, second = badges
        await talk_and_be_heard(first, second)
        await wait_and_talk(second, first)
        await cancel(first, second)
        await lose_the_leader(leader, badges)


def test_firmware_coverage(tmp_path: Path) -> None:
    firmware = build_firmware(tmp_path / "firmware", source=True)
    asyncio.run(use(firmware, tmp_path))
    executed = merge(json.loads((tmp_path / f"{name}.json").read_text()) for name in "AB")
    files = [
        measure(name, source, executed.get(name, set()))
        for name, source in read_sources(firmware.folder).items()
    ]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    own, engines = part(files, *FIRMWARE), part(files, "lib/ptt/")
    RESULT.write_text(report("firmware", own) + "\n" + report("engines", engines), "utf-8")
    assert total_percent(own) >= FIRMWARE_PERCENT_MIN, RESULT.read_text()
    assert total_percent(engines) >= ENGINES_PERCENT_MIN, RESULT.read_text()


def part(files: Sequence[FileCoverage], *prefixes: str) -> list[FileCoverage]:
    return [each for each in files if each.name.startswith(prefixes)]
