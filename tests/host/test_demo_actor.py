"""A person with a badge: it finds again what it was told, and does not wait for a dead badge."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pressel.demo import actor as actors
from pressel.demo.actor import Actor
from pressel.errors import PresselError


class FakeBadge:
    """Tells what the test puts into `events`."""

    def __init__(self) -> None:
        self.name = "A"
        self.pid = 0
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def start(self) -> None:
        self.log(1.0, "joined", 2)

    async def stop(self) -> None:
        self.events.put_nowait({"t": 99.0, "event": "ended", "exit": 0})

    def log(self, t_ms: float, event: str, value: Any = None) -> None:
        self.line(t_ms, json.dumps({"ms": 0, "event": event, "value": value}))

    def line(self, t_ms: float, line: str) -> None:
        self.events.put_nowait({"t": t_ms, "event": "log", "line": line})


@pytest.fixture(autouse=True)
def unprivileged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actors, "serve_first", lambda pid: None, raising=False)


async def started() -> tuple[Actor, FakeBadge]:
    badge = FakeBadge()
    actor = Actor(badge)  # pyright: ignore[reportArgumentType]
    await actor.start()
    return actor, badge


def test_waits_for_what_comes_and_finds_what_came() -> None:
    async def scenario() -> None:
        actor, badge = await started()
        waiting = asyncio.ensure_future(actor.wait_for("granted", lambda value: value == 6))
        badge.log(5.0, "granted", 5)
        badge.log(6.0, "granted", 6)
        assert (await waiting).t_ms == 6.0
        assert (await actor.wait_for("granted")).value == 5
        assert (await actor.wait_for("granted", after_ms=5.5)).value == 6
        assert actor.find("granted", 7.0) is None
        await actor.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize("line", ["hello", "{}", "[]", '"x"', '{"event": 1', '{"event": "x"}', "7"])
def test_what_a_programmer_prints_is_passed_over(line: str) -> None:
    async def scenario() -> None:
        actor, badge = await started()
        badge.line(2.0, line)
        badge.log(3.0, "idle", 1)
        await actor.wait_for("idle")
        assert [each.event for each in actor.told] == ["joined", "idle"]
        await actor.stop()

    asyncio.run(scenario())


def test_what_does_not_come_is_told_with_what_came_last() -> None:
    async def scenario() -> None:
        actor, _ = await started()
        with pytest.raises(PresselError, match=r"A did not say 'granted' within .*\['joined'\]"):
            await actor.wait_for("granted", limit_s=0.01)
        await actor.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ({"event": "ended", "exit": -9}, "badge A has ended"),
        ({"event": "crashed", "traceback": "MemoryError"}, "badge A crashed:\nMemoryError"),
    ],
)
def test_nobody_waits_for_a_badge_that_has_ended(end: dict[str, Any], says: str) -> None:
    async def scenario() -> None:
        actor, badge = await started()
        waiting = asyncio.ensure_future(actor.wait_for("granted"))
        badge.events.put_nowait({"t": 5.0, **end})
        with pytest.raises(PresselError, match=says):
            await waiting
        with pytest.raises(PresselError, match=says):
            await actor.wait_for("granted")
        await actor.stop()

    asyncio.run(scenario())
