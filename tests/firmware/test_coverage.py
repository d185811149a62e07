"""The firmware as a person uses it, on real MicroPython, and which of its statements ran.

Traced badges of three boards: press, talk, be heard, wait in the queue, cancel, lose the leader; a
side button, a low battery, a walk, e-paper; one goes off duty and one crashes. The table goes to
build/coverage/firmware.txt, which `make coverage` prints.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

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
from tests.patience import PATIENCE_S

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.demo.actor import ANSWER_LIMIT_S, Actor, Told
from pressel.demo.venue import STATE, LeaderProcess, run_leader
from pressel.errors import PresselError
from pressel.pack import FirmwareBuild, build_firmware
from pressel.registry.device import KEY_BYTES
from pressel.soft.credential import Credential, register
from pressel.virtual import now_ms
from pressel.virtual.badge import RESET_EXIT, VirtualBadge

pytestmark = pytest.mark.e2e

RESULT = Path(__file__).resolve().parents[2] / "build" / "coverage" / "firmware.txt"
FIRMWARE = ("main.py", "a/app/", "a/hal/")  # where in the flash the folder firmware/ lies
# Loaded by an update, a trial or a loader, none of which happens here: test_virtual_update,
# test_slots and test_powercut are about them.
ELSEWHERE = ("main.py", "a/app/extras/offer.py", "a/app/extras/slot_files.py")
ELSEWHERE += ("a/app/extras/trial.py", "a/app/extras/update.py")
ELSEWHERE += ("a/ptt/badge/update_receiver.py", "a/ptt/link/update_manifest.py")
# What needs machine code, which this MicroPython does not run: tests/firmware/test_handset_sound.py
# and the hour.
ELSEWHERE += ("a/app/extras/smooth.py", "a/app/extras/wide.py", "a/ptt/media/g722")
ELSEWHERE += ("a/ptt/media/smooth_playout.py", "a/ptt/media/concealer.py")
ELSEWHERE += ("a/ptt/media/time_scale.py", "a/ptt/media/voice_")
FIRMWARE_PERCENT_MIN = 90.0  # boot.run never runs: the virtual badge steps itself
ENGINES_PERCENT_MIN = 75.0  # as a badge uses them; tests/shared looks at every row of them

RATE_HZ = 16000
CLICK_TRIES = 5
CLICK_S = 5.0  # in which a traced badge has told what came of a click


def tone(duration_ms: int) -> np.ndarray:
    """Something to say."""
    at = np.arange(duration_ms * RATE_HZ // 1000)
    return (8000 * np.sin(at * 2 * np.pi * 300 / RATE_HZ)).astype(np.int16)


PAPER = "waveshare-epaper-154"
BOARDS = {"A": DEFAULT_BOARD, "B": "esp32s3-devkit", "C": PAPER, "D": DEFAULT_BOARD}
# C goes off duty soon; D has a mistake in its configuration, which makes it crash and start again.
CONFIGS: dict[str, dict[str, Any]] = {
    "C": {"off_duty_after_s": 8},
    "D": {"off_duty_after_s": "soon", "leader": "127.0.0.1:9"},
}
FILES = {"D": {"guarded": b""}}


class TracedActor(Actor):
    """Patient, since a badge whose every line is noted falls seconds behind its talk."""

    async def wait_for(self, *words: Any, limit_s: float = PATIENCE_S, **more: Any) -> Told:
        return await super().wait_for(*words, limit_s=limit_s, **more)


def traced_badge(
    name: str, number: int, firmware: FirmwareBuild, leader: str, work: Path
) -> VirtualBadge:
    own = Credential(number.to_bytes(8, "big"), secrets.token_bytes(KEY_BYTES))
    register(own, name, work / STATE)
    config = {
        "device": own.device.hex(),
        "name": name,
        "leader": leader,
        "wifi": {"ssid": "test", "password": ""},
        **CONFIGS.get(name, {}),
    }
    return VirtualBadge(
        name,
        firmware=firmware,
        board=load_board(BOARDS[name]).facts(),
        config=config,
        files=FILES.get(name),
        key=own.key,
        work=work / name,
        trace=work / f"{name}.json",
    )


@asynccontextmanager
async def traced_badges(
    names: Sequence[str], firmware: FirmwareBuild, leader: str, work: Path
) -> AsyncIterator[list[Actor]]:
    """Badges that have joined; when they are done, `work` holds a trace of each."""
    actors = []
    for number, name in enumerate(names, start=1):
        actors.append(TracedActor(traced_badge(name, number, firmware, leader, work)))
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


async def press_only(badge: Actor) -> None:
    """Half duplex: its microphone is there only from the press on."""
    asked_ms = now_ms()
    badge.badge.press()
    await badge.wait_for("granted", after_ms=asked_ms)
    badge.badge.release()
    await badge.wait_for("released", after_ms=asked_ms)


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


async def double_click(badge: Actor, side: int) -> None:
    """As people do: once more if nothing came of it. A step of a traced badge may last as long as
    a click."""
    for tries_left in range(CLICK_TRIES - 1, -1, -1):
        asked_ms = now_ms()
        for delay_ms, level in ((100, 0), (200, 1), (300, 0), (400, 1)):
            badge.badge.send(cmd="pin", pin=side, level=level, at=asked_ms + delay_ms)
        try:
            await badge.wait_for("change_group", after_ms=asked_ms, limit_s=CLICK_S)
            return
        except PresselError:
            if not tries_left:
                raise


async def use_extras(badge: Actor) -> None:
    """The side button held and clicked, the battery empty, another access point nearer."""
    board = load_board(BOARDS[badge.name]).facts()
    side, battery = board["side_button"]["pin"], board["battery"]["pin"]
    asked_ms = now_ms()
    badge.badge.send(cmd="pin", pin=side, level=0)
    await badge.wait_for("emergency", after_ms=asked_ms)
    badge.badge.send(cmd="pin", pin=side, level=1)
    await badge.wait_for("let_go", after_ms=asked_ms)
    await double_click(badge, side)
    badge.badge.send(cmd="pin", pin=battery, level=1000)
    await badge.wait_for("battery", after_ms=asked_ms)
    badge.badge.send(cmd="air", points={"020000000001": -85, "020000000002": -60})
    await badge.wait_for("roam", after_ms=asked_ms)


async def go_off_duty(badge: Actor) -> None:
    """It sleeps, is pressed, and starts anew; that ends its process."""
    await badge.wait_for("off duty")
    badge.badge.press()
    await badge.badge.wait(ANSWER_LIMIT_S)


async def crash(badge: VirtualBadge) -> None:
    await badge.start()
    assert await badge.wait(60) == RESET_EXIT


async def lose_the_leader(leader: LeaderProcess, badges: Sequence[Actor]) -> None:
    leader.process.kill()
    await asyncio.gather(*(badge.wait_for("lost") for badge in badges))
    asked_ms = now_ms()
    badges[0].badge.press()
    await badges[0].wait_for("denied", after_ms=asked_ms)
    badges[0].badge.release()
    await badges[0].wait_for("release", after_ms=asked_ms)


async def use(firmware: FirmwareBuild, work: Path) -> None:
    crashing = asyncio.create_task(crash(traced_badge("D", 4, firmware, "", work)))
    async with (
        run_leader(work) as leader,
        traced_badges(("A", "B", "C"), firmware, leader.address, work) as badges,
    ):
        first, second, third = badges
        await press_only(third)
        await talk_and_be_heard(first, second)
        await wait_and_talk(second, first)
        await cancel(first, second)
        await asyncio.gather(use_extras(second), go_off_duty(third))
        await lose_the_leader(leader, (first, second))
    await crashing


@pytest.mark.proof
def test_firmware_coverage(tmp_path: Path) -> None:
    firmware = build_firmware(tmp_path / "firmware", source=True)
    asyncio.run(use(firmware, tmp_path))
    executed = merge(json.loads((tmp_path / f"{name}.json").read_text()) for name in BOARDS)
    files = [
        measure(name, source, executed.get(name, set()))
        for name, source in read_sources(firmware.folder).items()
        if not name.startswith(ELSEWHERE)
    ]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    own, engines = part(files, *FIRMWARE), part(files, "a/ptt/")
    RESULT.write_text(report("firmware", own) + "\n" + report("engines", engines), "utf-8")
    assert total_percent(own) >= FIRMWARE_PERCENT_MIN, RESULT.read_text()
    assert total_percent(engines) >= ENGINES_PERCENT_MIN, RESULT.read_text()


def part(files: Sequence[FileCoverage], *prefixes: str) -> list[FileCoverage]:
    return [each for each in files if each.name.startswith(prefixes)]
