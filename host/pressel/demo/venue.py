"""The demo's venue: one leader process and the badges around it, all gone when it closes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.node.ready import until_ready
from pressel.registry.device import KEY_BYTES
from pressel.soft.credential import DEVICE_BYTES, Credential, register
from pressel.virtual import VirtualBadge
from pressel.virtual.stock import stock_firmware

from .actor import Actor

START_LIMIT_S = 30.0
STOP_LIMIT_S = 5.0

STATE = "leader"  # the leader's folder

_CONTROL = "leader.sock"


@dataclass
class LeaderProcess:
    """`pressel leader` as a child; `events` is what it reported, in order."""

    process: asyncio.subprocess.Process
    address: str
    control: Path
    events: list[dict[str, Any]]


@contextlib.asynccontextmanager
async def run_leader(work: Path, listen: str = "127.0.0.1:0") -> AsyncIterator[LeaderProcess]:
    """A leader, on a free loopback port unless told where. It dies with us: its stdin closes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pressel", "leader", "--listen", listen),
        *("--state", STATE, "--control", _CONTROL, "--json", "--dies-with-parent"),
        cwd=work,  # the path of a Unix socket must be short; that of `work` may be long
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        async with asyncio.timeout(START_LIMIT_S):
            said = await until_ready(process.stdout)
        address = f"{said[-1]['address']}:{said[-1]['port']}"
        leader = LeaderProcess(process, address, work / _CONTROL, said)
        reader = asyncio.create_task(_read(process.stdout, leader.events))
        yield leader
        process.stdin.close()
        async with asyncio.timeout(STOP_LIMIT_S):
            await process.wait()
            await reader
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _read(stream: asyncio.StreamReader, events: list[dict[str, Any]]) -> None:
    while line := await stream.readline():
        events.append(json.loads(line))


@contextlib.asynccontextmanager
async def run_badges(
    names: Sequence[str], leader: str, work: Path, states: Sequence[str] = (STATE,)
) -> AsyncIterator[list[Actor]]:
    """Virtual badges `names`, joined to the leader at `leader`; the registries in the folders
    `states` of `work` know them."""
    firmware = await asyncio.to_thread(stock_firmware, work.parent / "firmware")
    board = load_board(DEFAULT_BOARD).facts()
    actors = []
    for number, name in enumerate(names, start=1):
        own = Credential(number.to_bytes(DEVICE_BYTES, "big"), secrets.token_bytes(KEY_BYTES))
        for state in states:
            register(own, name, work / state)
        config = {
            "device": own.device.hex(),
            "name": name,
            "leader": leader,
            "wifi": {"ssid": "demo", "password": ""},
            "tones": False,  # they would mix with the speech that is measured
        }
        badge = VirtualBadge(
            name, firmware=firmware, board=board, config=config, key=own.key, work=work / name
        )
        actors.append(Actor(badge))
    try:
        await asyncio.gather(*(actor.start() for actor in actors))
        yield actors
        await asyncio.gather(*(actor.stop() for actor in actors))
    finally:
        for actor in actors:
            actor.badge.kill()
