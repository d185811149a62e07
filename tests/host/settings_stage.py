"""A host with the settings that it keeps: it leads or stands by, its disk may be full, and other
hosts write to its log."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from tests.shared.keys import Directory

from pressel.errors import UsageError
from pressel.node.desk.venue_settings import VenueSettings
from pressel.registry.store import Registry
from pressel.schema.settings import settings
from ptt.cluster import records, settings_body
from ptt.cluster.replica import State
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

TALK, DELAY = "floor.talk_ms", "audio.playout_delay_ms"
DEFAULTS = {name: row.default for name, row in settings().items()}


class Stage:
    """A host that leads, or with `replica` stands by."""

    def __init__(self, folder: Path, replica: Settings | None = None) -> None:
        self.folder = folder
        Registry(folder).close()
        self.told: list[str] = []
        self.disk_is_full = False
        self.is_ousted = False  # while something waits for the disk
        self.state: State | None = None
        self.leader: Leader | None = None
        self.settings = VenueSettings(
            folder, lambda: self.leader, lambda: self.state, lambda: None, self._in_thread,
            self._with_registry,
            lambda event, fields: self.told.append(
                " ".join([f"{event}:", *map(str, fields.values())])
            ),
        )  # fmt: skip
        if replica is None:
            kept = self.settings.kept
            self.leader = Leader(1, 1, Directory(), os.urandom, kept)
        else:
            self.follow(replica)

    def follow(self, replica: Settings) -> None:
        body = settings_body.write_settings(replica.values(), replica.own)
        self.state = State(1, 1)
        self.state.records[records.SETTINGS << 16] = (body, 0)

    async def _in_thread(self, call: Any, *values: Any) -> Any:
        await asyncio.sleep(0)
        if self.disk_is_full:
            raise UsageError("the disk is full")
        if self.is_ousted:
            self.leader = None
        return call(*values)

    def _with_registry(self, act: Any) -> Any:
        with Registry(self.folder) as registry:
            return act(registry)

    def set(self, name: str, value: Any, base: int, why: str = "") -> dict[str, Any]:
        return self.set_all({name: value}, base, why)

    def set_all(self, values: Any, base: int, why: str = "") -> dict[str, Any]:
        fields = {"values": values, "base": base, "why": why, "who": "ann"}
        return asyncio.run(self.settings.set(fields))

    def history(self) -> list[dict[str, Any]]:
        return self.settings.history({})

    def keep(self) -> None:
        asyncio.run(self.settings.keep(0))


def wrote(stage: Stage, term: int, version: int, values: dict[str, int]) -> None:
    """A host that led in `term` made this change."""
    with Registry(stage.folder) as registry:
        registry.log.term = term
        texts = {"now": json.dumps({**DEFAULTS, **values}), "was": "{}"}
        registry.record("settings set", "", {"version": version}, texts)
