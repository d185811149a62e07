"""Waits until a host that runs as a process of ours serves, by what it says with `--json`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pressel.errors import PresselError


async def until_ready(stream: asyncio.StreamReader) -> list[dict[str, Any]]:
    """What it says until it serves, "ready" last: a machine that is busy makes it say something
    before that. PresselError when it ends instead; the caller bounds the wait."""
    said: list[dict[str, Any]] = []
    while not said or said[-1]["event"] != "ready":
        line = await stream.readline()
        if not line:
            raise PresselError("the leader did not start; it says why above")
        said.append(json.loads(line))
    return said
