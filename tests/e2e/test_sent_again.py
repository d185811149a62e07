"""A recording that somebody at the console, or at a terminal, sends to a real emulated badge: the
badge needs nothing for it, people come first, and its button stays where it is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from tests.e2e.command import typed, until
from tests.e2e.stage import PLAYED_S, faults_in, words
from tests.e2e.test_console_talk import PASSWORD, console
from tests.host.web import fetch

from pressel.demo.actor import Actor
from pressel.demo.venue import STATE, LeaderProcess, run_badges, run_leader
from pressel.node import control

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

KEPT_LIMIT_S = 15.0
OVER_LIMIT_S = 40.0


class Stage:
    """A leader that records, and badges A and B."""

    def __init__(self, leader: LeaderProcess, work: Path) -> None:
        self.leader, self.work = leader, work

    async def ask(self, verb: str, **fields: Any) -> Any:
        return await asyncio.to_thread(control.ask, self.leader.control, verb, **fields)

    async def typed(self, *said: str) -> Any:
        return await typed(*said, "--control", str(self.leader.control))

    async def record(self) -> None:
        done = await self.typed("settings", "set", "recording.kept_min", "1h", "--why", "a test")
        assert done.code == 0, done.err

    async def kept(self, count: int = 1) -> str:
        """The mark of the newest of `count` recordings."""
        async with asyncio.timeout(KEPT_LIMIT_S):
            while len(rows := (await self.ask("recordings list"))["recordings"]) < count:
                await asyncio.sleep(0.2)
        return rows[-1]["mark"]

    async def over(self) -> dict[str, Any]:
        async with asyncio.timeout(OVER_LIMIT_S):
            while (sent := await self.ask("recordings sent"))["state"] != "over":
                await asyncio.sleep(0.2)
        return sent

    async def audit(self) -> list[dict[str, Any]]:
        log = await typed("audit", "list", "--json", "--state", str(self.work / STATE))
        return [json.loads(line) for line in log.out.splitlines()]


def played(badge: Actor, since: int = 0) -> np.ndarray:
    return badge.badge.speaker.pcm[since:]


def test_who_missed_a_burst_hears_it_at_the_badge_when_the_console_sends_it(
    tmp_path: Path,
) -> None:
    said, live = words(1, 3.0), words(2, 2.0)

    async def scenario() -> None:
        async with (
            run_leader(tmp_path) as leader,
            run_badges("AB", leader.address, tmp_path) as (ann, ben),
        ):
            stage = Stage(leader, tmp_path)
            await stage.record()
            await ann.press_and_speak(said.pcm)
            first = await ben.wait_for("heard")
            mark = await stage.kept()
            await asyncio.sleep(PLAYED_S)

            before = len(played(ben))
            with console(tmp_path / STATE, leader.control) as address:
                port = int(address.rpartition(":")[2])
                own = {"Origin": f"http://{address}"}
                form = {"Content-Type": "application/x-www-form-urlencoded", **own}

                def post(path: str, **fields: str) -> tuple[Any, str]:
                    return fetch(port, path, "POST", form, urlencode(fields))

                login, _ = await asyncio.to_thread(post, "/login", name="Mia", password=PASSWORD)
                form["Cookie"] = (login.headers["set-cookie"] or "").partition(";")[0]
                _, page = await asyncio.to_thread(fetch, port, "/recordings", "GET", form)
                token = page.partition('name="form" value="')[2].partition('"')[0]
                fields = {"form": token, "mark": mark, "to": "B"}
                answer, text = await asyncio.to_thread(lambda: post("/recordings/send", **fields))
                assert answer.status == 303, text
                heard = await ben.wait_for("heard", after_ms=first.t_ms)
                sent = await stage.over()
                assert (sent["id"], sent["to"], sent["heard"], sent["why"]) == (mark, ["B"], 1, "")
                _, page = await asyncio.to_thread(fetch, port, "/recordings", "GET", form)
                assert "B heard it." in page
            await asyncio.sleep(PLAYED_S)
            assert faults_in(played(ben, before), said) == []

            before = len(played(ben))  # Ann talks amid it: that comes whole, and it goes on
            again = asyncio.create_task(stage.typed("recordings", "send", mark))
            await ben.wait_for("hearing", after_ms=heard.t_ms)
            await ann.press_and_speak(live.pcm)
            result = await again
            assert result.code == 0 and "heard by 1 of 1" in result.err, result.err
            await asyncio.sleep(PLAYED_S)
            assert faults_in(played(ben, before), live) == []

            at_ann = len(played(ann))  # Ben's button is his group's, also amid it
            again = asyncio.create_task(stage.typed("recordings", "send", mark, "--to", "B"))
            await until(lambda: _plays(leader), "a recording on its way")
            await ben.press_and_speak(live.pcm)
            assert (await again).code == 0
            await asyncio.sleep(PLAYED_S)
            assert faults_in(played(ann, at_ann), live) == []

            assert len((await stage.ask("recordings list"))["recordings"]) == 3  # what people said
            status = await stage.ask("status")
            assert {each["name"] for each in status["members"]} == {"A", "B"}
            assert [each["group"] for each in status["floors"]] == [1]
            sent = [each for each in await stage.audit() if each["verb"] == "recordings send"]
            assert len(sent) == 3 and sent[0]["texts"]["who"].startswith("Mia"), sent
            assert f"to {2:016x}" in sent[0]["texts"]["what"], sent

    asyncio.run(scenario())


def _plays(leader: LeaderProcess) -> bool:
    granted = [each for each in leader.events if each["event"] == "floor_granted"]
    return str(granted[-1]["talker"]).startswith("again ")
