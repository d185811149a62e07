"""`pressel update` against a running leader, and badges that take a release while others talk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import Result, run, typed, until
from tests.e2e.stage import faults, heard_by, words
from tests.firmware.releases import build_release

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.demo.venue import STATE, run_badges, run_leader
from pressel.registry.device import KEY_BYTES
from pressel.soft.credential import Credential, register
from pressel.virtual.badge import RESET_EXIT, VirtualBadge
from pressel.virtual.stock import LEFT_OUT, stock_firmware

pytestmark = pytest.mark.e2e

FETCH_S = 180.0  # a release is fetched between bursts; most of this is for a machine that is busy


class Operator:
    """Commands as an operator types them; each must end well unless told otherwise."""

    def __init__(self, control: Path) -> None:
        self._control = control

    async def __call__(self, *args: str | Path, code: int = 0) -> Result:
        done = await typed("update", *args)
        assert done.code == code, done.err
        return done

    async def status(self, code: int = 0) -> dict[str, Any]:
        return json.loads((await self("status", "--json", *self.leader, code=code)).out)

    @property
    def leader(self) -> tuple[str | Path, ...]:
        return "--control", self._control


async def signed_release(work: Path) -> tuple[str, Path]:
    """Of a signer made for it: its public key, and the file of release 2."""
    release = build_release(work / "release", work, number=2, without=LEFT_OUT)
    signer, package = ("--signer", work / "signer"), work / "release.zip"
    made = await run(work / "keygen", "release", "keygen", *signer)
    assert made.code == 0, made.err
    signed = await run(work / "sign", "release", "sign", release.folder, *signer, "--out", package)
    assert signed.code == 0, signed.err
    return made.out.strip(), package


@contextlib.asynccontextmanager
async def waiter(work: Path, leader: str, public: str, state: str = STATE) -> AsyncIterator[None]:
    """A badge that knows the signer `public`, and boots again whenever its firmware restarts
    it."""
    own = Credential(secrets.token_bytes(8), secrets.token_bytes(KEY_BYTES))
    register(own, "Waiter", work / state)
    config = {
        "device": own.device.hex(),
        "name": "Waiter",
        "leader": leader,
        "wifi": {"ssid": "venue", "password": ""},
    }
    badge = VirtualBadge(
        "Waiter",
        firmware=stock_firmware(work.parent / "firmware"),
        board=load_board(DEFAULT_BOARD).facts(),
        config=config,
        key=own.key,
        files={"guarded": b"", "a/signer.key": bytes.fromhex(public)},
        work=work / "waiter",
    )
    (work / "waiter").mkdir()

    async def live() -> None:
        await badge.start()
        while await badge.wait() == RESET_EXIT:
            await badge.restart()

    life = asyncio.create_task(live())
    try:
        yield
    finally:
        life.cancel()
        badge.kill()


def of_waiter(status: dict[str, Any]) -> dict[str, Any]:
    (row,) = (each for each in status["badges"] if each["name"] == "Waiter")
    return row


@pytest.mark.proof
def test_a_badge_is_updated_while_others_talk(tmp_path: Path) -> None:
    async def scenario(work: Path) -> list[str]:
        public, package = await signed_release(work)
        async with run_leader(work) as leader:
            operator = Operator(leader.control)
            state = ("--state", work / STATE)
            refused = await operator("add", package, *state, code=2)
            assert "no signer is trusted yet" in refused.err
            await operator("trust", public, *state)
            await operator("add", package, *state)
            async with (
                run_badges(("A", "B"), leader.address, work) as actors,
                waiter(work, leader.address, public),
            ):
                await until(lambda: len(joined(leader.events)) == 3, "three badges")
                device = of_waiter(await operator.status())["device"]
                await operator("start", "--device", device, *operator.leader)
                await until(lambda: told(leader.events, "fetching"), "the update", FETCH_S)
                await operator("pause", *operator.leader)
                assert (await operator.status(code=1))["paused"]
                await operator("start", "--device", device, *operator.leader)
                speech = words(1, 6.0)
                said = await actors[0].press_and_speak(speech.pcm)
                await heard_by(said, actors[1])
                await until(lambda: told(leader.events, "on trial"), "the restart", FETCH_S)
                row = of_waiter(await operator.status())
                assert (row["state"], row["build"]) == ("on trial", "0.1.2")
                again = await actors[1].press_and_speak(speech.pcm)
                await heard_by(again, actors[0])
                await operator("cancel", *operator.leader)
                assert (await operator.status())["release"] == 0
            return faults(((said, speech), (again, speech)), actors)

    assert asyncio.run(scenario(tmp_path)) == []


def joined(events: list[dict[str, Any]]) -> set[str]:
    return {each["name"] for each in events if each["event"] == "member_joined"}


def told(events: list[dict[str, Any]], state: str) -> bool:
    return any(each["event"] == "badge_update" and each["state"] == state for each in events)
