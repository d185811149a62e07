"""A release goes in stages at real hosts, to a badge with real firmware: its leader dies, the next
one goes on with the stage, and a person takes it back. (The badge, which was flashed with the
address of the first host, does not find the second after its restart.)"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import typed, until
from tests.e2e.test_failover import badges_port
from tests.e2e.test_nodes import Cluster
from tests.e2e.test_update import FETCH_S, Operator, of_waiter, signed_release, waiter
from tests.e2e.test_venue_moves import listening, told

pytestmark = [pytest.mark.e2e, pytest.mark.proof]


def test_a_release_in_stages_outlives_its_leader(work: Path) -> None:
    async def scenario() -> None:
        cluster = Cluster(work, "ab")
        async with contextlib.AsyncExitStack() as stack:
            for name in "ab":
                await stack.enter_async_context(cluster.started(name))
            first = await cluster.until_led()
            second = "ab".replace(first, "")
            leader = f"127.0.0.1:{badges_port(cluster, first)}"
            await stack.enter_async_context(listening(cluster, first))  # a computer: left out
            public, package = await signed_release(work)
            await stack.enter_async_context(waiter(work, leader, public, cluster.state(first).name))
            joined = lambda: told(cluster, first, "member_joined", name="Waiter")  # noqa: E731
            await until(joined, "the badge", FETCH_S)
            operator, state = Operator(work / f"{first}.sock"), ("--state", cluster.state(first))
            await operator("trust", public, *state)
            await operator("add", package, *state)
            begun = await operator("start", "--staged", "--why", "new tones", *operator.leader)
            assert "running, stage canary" in begun.out and "release 2" in begun.out
            again = await operator("start", "--stage", "all", *operator.leader, code=2)
            assert "is being rolled out in stages" in again.err
            late = await typed(
                "settings", "set", "playout_delay_ms=90", "--staged", *operator.leader
            )
            assert late.code == 1 and "a release is being rolled out" in late.err
            kept = cluster.state(second) / "updates" / "campaign.json"
            await until(lambda: kept.exists() and _plan(kept), "the standby to know of it", FETCH_S)
            async with asyncio.timeout(FETCH_S):  # and the badge to know both hosts
                while (of_waiter(await operator.status())["percent"] or 0) < 30:
                    await asyncio.sleep(0.1)

            cluster.commands[first].process.send_signal(signal.SIGKILL)
            await until(lambda: cluster.leads(second), "the other one leads")
            there = Operator(work / f"{second}.sock")
            has_it = lambda: told(cluster, second, "badge_update", state="applying")  # noqa: E731
            await until(has_it, "the badge to have all of it", FETCH_S)
            assert of_waiter(await there.status())["state"] == "applying"
            standing = await rollout(work / f"{second}.sock", "status")
            assert (standing["state"], standing["stage"]) == ("running", "canary")
            assert standing["touched"]["badges"] == 1 and standing["why"] == "new tones"
            over = await rollout(work / f"{second}.sock", "abort", code=1)
            assert over["state"] == "taken back"
            assert "taken back" in (await there.status(code=1))["paused"]
            log = (await typed("audit", "list", "--state", cluster.state(second))).out
            steps = [line for line in log.splitlines() if "release 2: " in line]
            assert len(steps) == 2 and "taken back" in steps[1], log
            assert "Traceback" not in cluster.commands[second].err

    asyncio.run(scenario())


def _plan(file: Path) -> Any:
    return json.loads(file.read_text())["plan"]


async def rollout(control: Path, verb: str, code: int = 0) -> dict[str, Any]:
    done = await typed("rollout", verb, "--json", "--control", control)
    assert done.code == code, done
    return json.loads(done.out)
