"""What commands print as JSON when they ask a host that leads has the shape that is recorded."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import typed, until
from tests.e2e.test_failover import Person, badges_port
from tests.e2e.test_nodes import Cluster, cluster_of
from tests.host.json_shape import faults, read, recorded
from tests.host.test_json_names import all_commands, command_in
from tests.host.test_update_host import build
from tests.signers import signer_in

from pressel.cli.outcome import is_outcome
from pressel.update.release import sign_build
from ptt.base import events

pytestmark = pytest.mark.e2e

# In this order, after a burst that was recorded.
ASKED = (
    "status", "health", "topology", "kpis", "trace 1",
    "host status", "node status", "recordings list",
    "settings list", "settings get floor.talk_ms", "settings status",
    "settings set floor.talk_ms 70s", "settings history", "settings diff",
    "settings import {folder}/settings.toml", "settings revert 2",
    "rollout status", "settings set --staged audio.playout_delay_ms 80", "rollout pause",
    "rollout go", "rollout abort", "settings wifi Venue --open --at-once",
    "update trust {signer}", "update add {folder}/release.zip", "update list",
    "update start --stage pilot", "update status",
)  # fmt: skip
# These are given the host's folder; the others its control socket.
BY_FOLDER = ("update trust", "update add", "update list")


async def told_at_a_venue(folder: Path) -> list[tuple[str, Any]]:
    """(command, what it printed) of a leader where somebody has talked."""
    signer = signer_in(folder / "signer")
    sign_build(build(folder / "build"), "any", signer, folder / "release.zip")
    (folder / "settings.toml").write_text("[floor]\ntalk_ms = 80000\n")
    given = {"folder": folder, "signer": signer.public.hex()}
    told: list[tuple[str, Any]] = []
    async with cluster_of(folder, "a") as cluster, contextlib.AsyncExitStack() as stack:
        await _talk(cluster, stack)
        for words in ASKED:
            where = ("--control", cluster.folder / "a.sock")
            if words.startswith(BY_FOLDER):
                where = ("--state", cluster.state("a"))
            result = await typed(*words.format(**given).split(), "--json", *where)
            assert result.out, (words, result)
            if not is_outcome(all_commands()[command_in(words)]):
                told.append((as_printed(words), read(result.out)))
    return told


def as_printed(words: str) -> str:
    """The command whose names it prints."""
    if "--staged" in words:
        return "pressel rollout status"
    return "pressel settings set" if "--at-once" in words else command_in(words)


async def _talk(cluster: Cluster, stack: contextlib.AsyncExitStack) -> None:
    """A burst, of which the leader has heard how it came."""
    await cluster.until_led()
    at = ("127.0.0.1", badges_port(cluster, "a"))
    people = [Person(number, at, cluster.state("a")) for number in (1, 2)]
    for person in people:
        await stack.enter_async_context(person.badge)
        stack.callback(asyncio.create_task(person.badge.carry_sound()).cancel)
    await until(lambda: all(each.all(events.JOINED) for each in people), "all have joined")
    where = ("--control", cluster.folder / "a.sock")
    await typed("settings", "set", "recording.kept_min", "60", *where)
    people[0].badge.press()
    await until(lambda: len(people[1].sound.sounded_s) > 25, "the other one hears it")
    people[0].badge.release()
    for _ in range(100):
        listed = read((await typed("recordings", "list", "--json", *where)).out)["recordings"]
        if listed:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nothing was recorded")


def test_what_asks_a_host_prints_the_names_that_programs_read(tmp_path: Path) -> None:
    known = recorded()
    told = asyncio.run(told_at_a_venue(tmp_path))
    assert not [fault for command, answer in told for fault in faults(command, answer, known)]
