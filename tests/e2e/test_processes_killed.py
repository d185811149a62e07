"""What becomes of a talk group when a badge or its leader is killed, stopped or restarted."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from tests.e2e.stage import Spoken, ask, faults, heard_by, reported, venue, words
from tests.patience import PATIENCE_S

from pressel.demo.actor import Actor
from pressel.demo.venue import run_badges, run_leader
from pressel.virtual import now_ms
from ptt.base.numbers import LEASE_GAP

pytestmark = pytest.mark.e2e


async def _all_say(actors: Sequence[Actor], event: str, after_ms: float) -> None:
    for actor in actors:
        await actor.wait_for(event, after_ms=after_ms, limit_s=PATIENCE_S)


async def _all_talk(actors: Sequence[Actor], seconds: float = 1.0) -> list[Spoken]:
    """Each talks in turn, heard by the others; how well, can be judged when the badges have
    ended."""
    bursts = []
    for which, actor in enumerate(actors, start=1):
        speech = words(which, seconds)
        said = await actor.press_and_speak(speech.pcm)
        await heard_by(said, *(each for each in actors if each is not actor))
        bursts.append((said, speech))
    return bursts


def test_a_badge_killed_in_its_burst_frees_the_floor(work: Path) -> None:
    async def scenario(work: Path) -> list[str]:
        async with venue(work) as (leader, (a, b, c)):
            speech = words(1, 1.0)
            began_ms = now_ms()
            a.badge.press()
            await a.badge.speak(words(0).pcm)
            burst = await b.wait_for("hearing", after_ms=began_ms)
            waiting = asyncio.create_task(b.press_and_wait(speech.pcm, now_ms()))
            await b.wait_for("queued", after_ms=began_ms)
            assert (await ask(leader)).floors[0].queue == ["B"]
            a.badge.kill()
            lease = burst.value[1]
            await reported(leader, "floor_freed", talker="A", lease=lease, cause="silent")
            said = await waiting
            assert said.queued and said.lease > lease
            await reported(leader, "floor_granted", talker="B", lease=said.lease)
            await heard_by(said, c)
            await reported(leader, "member_left", name="A")
            assert {each.name for each in (await ask(leader)).members} == {"B", "C"}
            bursts = [(said, speech), *await _all_talk([c, b])]
        return faults(bursts, [b, c])

    assert asyncio.run(scenario(work)) == []


@pytest.mark.proof
@pytest.mark.parametrize("keeps_its_disk", [True, False], ids=["same disk", "new disk"])
def test_a_leader_killed_and_restarted_is_found_again(work: Path, keeps_its_disk: bool) -> None:
    async def scenario(work: Path) -> list[str]:
        async with contextlib.AsyncExitStack() as stack:
            first = await stack.enter_async_context(run_leader(work))
            actors = await stack.enter_async_context(run_badges("AB", first.address, work))
            await _all_talk(actors, 0.2)  # uses up leases that the next leader gives anew
            before = (await ask(first)).term
            killed_ms = now_ms()
            first.process.kill()
            await _all_say(actors, "lost", killed_ms)
            if not keeps_its_disk:
                (work / "leader").rename(work / "old")
                (work / "leader").mkdir()
                for file in (work / "old").glob("registry*"):  # from a backup; its term is lost
                    shutil.copy(file, work / "leader")
            second = await stack.enter_async_context(run_leader(work, first.address))
            await _all_say(actors, "joined", killed_ms)
            assert (await ask(second)).term > before
            bursts = await _all_talk(actors)
        # Of two hosts on one clock, the one with the higher mark leads at once; the other is
        # elected again.
        assert [said.lease % LEASE_GAP for said, _ in bursts] == [1, 2]
        return faults(bursts, actors)

    assert asyncio.run(scenario(work)) == []


def test_a_leader_that_stood_still_is_found_again(work: Path) -> None:
    async def scenario(work: Path) -> list[str]:
        async with venue(work, "AB") as (leader, actors):
            process = psutil.Process(leader.process.pid)
            stopped_ms = now_ms()
            process.send_signal(signal.SIGSTOP)
            try:
                await _all_say(actors, "lost", stopped_ms)
                await asyncio.sleep(max(0.0, 5.0 - (now_ms() - stopped_ms) / 1000))
            finally:
                process.send_signal(signal.SIGCONT)
            await _all_say(actors, "joined", stopped_ms)
            bursts = await _all_talk(actors)
        return faults(bursts, actors)

    assert asyncio.run(scenario(work)) == []
