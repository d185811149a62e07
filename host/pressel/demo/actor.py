"""A person with a virtual badge: presses, speaks, lets go, and knows what the badge told it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pressel.errors import PresselError
from pressel.node.priority import serve_first
from pressel.virtual import VirtualBadge, now_ms

PRESS_LEAD_MS = 50.0  # a command takes this long at most to reach a badge: presses are planned
ANSWER_LIMIT_S = 10.0  # by then a badge has joined, got the floor or been heard, or never will
GRANT_LIMIT_S = 75.0  # a queued badge waits for somebody else's whole burst: 60 s at most


@dataclass(frozen=True)
class Told:
    """One line of the badge's log: `event` and `value` as the firmware wrote them, `t_ms` when."""

    t_ms: float
    event: str
    value: Any


@dataclass(frozen=True)
class Said:
    """What became of one press; times in monotonic ms."""

    talker: str
    t_press_ms: float
    t_granted_ms: float
    t_release_ms: float
    first_ms: float
    last_ms: float
    lease: int
    frames_sent: int
    queued: bool


class Actor:
    """Wraps `badge` and reads its log from `start` to `stop`."""

    def __init__(self, badge: VirtualBadge) -> None:
        self.badge = badge
        self.name = badge.name
        self.told: list[Told] = []
        self._news = asyncio.Condition()
        self._ended: str | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.badge.start()
        serve_first(self.badge.pid)
        self._reader = asyncio.create_task(self._read())
        await self.wait_for("joined")

    async def stop(self) -> None:
        """End the badge; safe to call whatever happened before."""
        if self._reader is not None:
            await self.badge.stop()
            await self._reader

    async def _read(self) -> None:
        while self._ended is None:
            event = await self.badge.events.get()
            async with self._news:
                if event["event"] == "log":
                    self._take(event["t"], event["line"])
                elif event["event"] == "ended":
                    self._ended = f"badge {self.name} has ended"
                elif event["event"] == "crashed":
                    self._ended = f"badge {self.name} crashed:\n{event['traceback']}"
                self._news.notify_all()

    def _take(self, t_ms: float, line: str) -> None:
        try:
            record = json.loads(line)
            self.told.append(Told(t_ms, record["event"], record["value"]))
        except (ValueError, KeyError, TypeError):
            pass  # a print that somebody put in for debugging

    async def wait_for(
        self,
        event: str,
        accept: Callable[[Any], bool] = lambda value: True,
        after_ms: float = 0.0,
        limit_s: float = ANSWER_LIMIT_S,
    ) -> Told:
        """The first `event` told after `after_ms` whose value `accept` likes."""

        def found() -> Told | None:
            for told in self.told:
                if told.event == event and told.t_ms >= after_ms and accept(told.value):
                    return told
            return None

        try:
            async with asyncio.timeout(limit_s), self._news:
                while (told := found()) is None:
                    if self._ended:
                        raise PresselError(self._ended)
                    await self._news.wait()
        except TimeoutError:
            raise PresselError(
                f"badge {self.name} did not say '{event}' within {limit_s:g} s; "
                f"the last it said: {[each.event for each in self.told[-5:]]}"
            ) from None
        return told

    def find(self, event: str, after_ms: float) -> Told | None:
        """The first `event` told after `after_ms`, if there is one by now."""
        for told in self.told:
            if told.event == event and told.t_ms >= after_ms:
                return told
        return None

    async def press_and_speak(self, pcm: NDArray[np.int16]) -> Said:
        """Speak from the moment of the press, and let go with the last sample."""
        at_ms = now_ms() + PRESS_LEAD_MS
        self.badge.press(at_ms)
        first_ms, last_ms = await self.badge.speak(pcm, at_ms)
        self.badge.release(last_ms)
        granted = await self.wait_for("granted", after_ms=at_ms)
        return await self._finish(at_ms, granted, first_ms, last_ms, False)

    async def press_and_wait(self, pcm: NDArray[np.int16], at_ms: float) -> Said:
        """Press at `at_ms`, speak when the badge says that it is granted, let go at the end."""
        self.badge.press(at_ms)
        granted = await self.wait_for("granted", after_ms=at_ms, limit_s=GRANT_LIMIT_S)
        first_ms, last_ms = await self.badge.speak(pcm, now_ms())
        self.badge.release(last_ms)
        was_queued = self.find("queued", at_ms)
        return await self._finish(at_ms, granted, first_ms, last_ms, was_queued is not None)

    async def _finish(
        self, at_ms: float, granted: Told, first_ms: float, last_ms: float, queued: bool
    ) -> Said:
        speech_s = max(0.0, last_ms - now_ms()) / 1000
        lease = granted.value
        sent = await self.wait_for(
            "sent", lambda value: value[0] == lease, limit_s=speech_s + ANSWER_LIMIT_S
        )
        return Said(
            talker=self.name,
            t_press_ms=at_ms,
            t_granted_ms=granted.t_ms,
            t_release_ms=last_ms,
            first_ms=first_ms,
            last_ms=last_ms,
            lease=lease,
            frames_sent=sent.value[1],
            queued=queued,
        )
