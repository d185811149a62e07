"""Faults and access points by command to a virtual badge in real time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.patience import PATIENCE_S

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.pack import build_firmware
from pressel.virtual import VirtualBadge
from pressel.virtual.stock import LEFT_OUT

pytestmark = pytest.mark.e2e

FAR, NEAR = "020000000001", "020000000002"


async def told(badge: VirtualBadge, event: str) -> Any:
    """The value of the next line of that name in the badge's log."""
    while True:
        happened = await asyncio.wait_for(badge.events.get(), PATIENCE_S)
        assert happened["event"] not in ("crashed", "ended"), happened
        if happened["event"] == "log":
            record = json.loads(happened["line"])
            if record["event"] == event:
                return record["value"]


async def refused(badge: VirtualBadge) -> str:
    while True:
        happened = await asyncio.wait_for(badge.events.get(), PATIENCE_S)
        if happened["event"] == "refused":
            return happened["reason"]


async def use(badge: VirtualBadge) -> None:
    await badge.start()
    assert await told(badge, "wifi") == 1
    badge.send(cmd="air", points={FAR: -85, NEAR: -60})
    assert await told(badge, "roam") == [-85, -60, 1]
    assert await told(badge, "wifi") == 1  # and power save is off again
    badge.send(cmd="air", points={})
    assert await told(badge, "wifi") == 0
    badge.send(cmd="air", points={"here": 5})
    assert "no access point" in await refused(badge)
    badge.send(cmd="fault", kind="gremlin")
    assert "gremlin" in await refused(badge)
    badge.send(cmd="fault", kind="no_memory", sends=1)
    badge.send(cmd="fault", kind="stall", ms=100)
    while (await badge.stats())["faults"]["sends_refused"] < 1:  # the next HELLO
        await asyncio.sleep(0.1)
    stats = await badge.stop()
    assert stats is not None and stats["lag_ms_max"] >= 80


def test_a_walk_and_faults(tmp_path: Path) -> None:
    badge = VirtualBadge(
        "A",
        firmware=build_firmware(tmp_path / "firmware", without=LEFT_OUT),
        board=load_board(DEFAULT_BOARD).facts(),
        config={
            "device": "0200000000000001",
            "name": "A",
            "leader": "127.0.0.1:9",  # nobody is there
            "wifi": {"ssid": "x", "password": ""},
        },
        work=tmp_path / "badge",
        limit_s=60.0,
    )
    (tmp_path / "badge").mkdir()

    async def scenario() -> None:
        try:
            await use(badge)
        finally:
            badge.kill()

    asyncio.run(scenario())
