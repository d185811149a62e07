"""A participant of a real run that is the firmware itself: a virtual badge and its wearer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from pressel.boards.board import DEFAULT_BOARD, load_board
from pressel.node.priority import serve_first
from pressel.pack import FirmwareBuild
from pressel.sim.world import keys, record
from pressel.virtual import VirtualBadge
from ptt.base import events

from .leader_process import Note

_KINDS = {name: kind for kind, name in enumerate(events.NAMES)}


class VirtualActor:
    """Participant `number`; its leader is the proxy at `address`."""

    def __init__(
        self, number: int, address: tuple[str, int], firmware: FirmwareBuild, work: Path, note: Note
    ) -> None:
        self.number = number
        config = {
            "device": keys.device_of(number).hex(),
            "name": f"B{number}",
            "leader": f"{address[0]}:{address[1]}",
            "wifi": {"ssid": "sim", "password": ""},
            "tones": False,  # they would mix with the speech that is measured
        }
        self._badge = VirtualBadge(
            f"B{number}",
            firmware=firmware,
            board=load_board(DEFAULT_BOARD).facts(),
            config=config,
            key=keys.device_key(keys.device_of(number)),
            work=work / f"badge-{number}",
        )
        self._note = note
        self._reader: asyncio.Task[None] | None = None
        self._utterance = 0

    async def start(self) -> None:
        await self._badge.start()
        serve_first(self._badge.pid)
        self._reader = asyncio.create_task(self._read())

    def talk(self, at_us: int, hold_us: int) -> None:
        """Press at `at_us` of the machine's monotonic clock, let go `hold_us` later."""
        self._utterance += 1
        self._note(at_us, record.PRESSED, self._utterance, 0, None)
        self._note(at_us + hold_us, record.LET_GO, self._utterance, 0, None)
        self._badge.press(at_us / 1000)
        self._badge.release((at_us + hold_us) / 1000)

    async def stop(self) -> dict[str, Any]:
        """End it; its last statistics, empty if it crashed."""
        stats = await self._badge.stop() if self._reader else None
        if self._reader:
            await self._reader
        return stats or {}

    def kill(self) -> None:
        self._badge.kill()

    async def _read(self) -> None:
        while True:
            told = await self._badge.events.get()
            if told["event"] == "ended":
                return
            if told["event"] == "log":
                self._take(round(told["t"] * 1000), json.loads(told["line"]))

    def _take(self, at_us: int, line: dict[str, Any]) -> None:
        kind = _KINDS.get(line["event"])
        if kind is not None:
            value = line["value"]
            detail = tuple(value) if isinstance(value, list) else value
            self._note(at_us, record.EVENT, kind, 0, detail)
