"""`pressel settings` at hosts with badges: asked anywhere, told to all, there after a failover."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import Result, typed, until
from tests.e2e.test_failover import Person, badges_port
from tests.e2e.test_nodes import Cluster, cluster_of
from tests.patience import PATIENCE_S

from ptt.badge.networks import STAYING, Networks
from ptt.base import features

pytestmark = pytest.mark.e2e

LIMIT_MS = 90_000
PASSWORDS = ("correct horse",)
TELLING = ("list", "history", "status", "export")


async def settings(cluster: Cluster, name: str, *words: str) -> Result:
    return await typed("settings", *words, "--control", cluster.folder / f"{name}.sock")


async def talk_limit(cluster: Cluster, name: str) -> dict[str, Any]:
    """What `name` says about it, with how many badges have the settings."""
    result = await settings(cluster, name, "get", "floor.talk_ms", "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


@contextlib.asynccontextmanager
async def badges(cluster: Cluster, leader: str, count: int) -> AsyncIterator[list[Person]]:
    address, state = ("127.0.0.1", badges_port(cluster, leader)), cluster.state(leader)
    people = [Person(number, address, state) for number in range(1, count + 1)]
    for person in people:
        participant = person.badge.participant
        participant.membership.claims |= features.NETWORKS
        person.room = Networks(participant, (0, b"", b""), (0, b"", b""))  # it has no radio
        participant.take_room(person.room)
    async with contextlib.AsyncExitStack() as stack:
        for person in people:
            await stack.enter_async_context(person.badge)
        await until(lambda: all(p.badge.participant.settings.version for p in people), "settings")
        yield people


def test_a_change_reaches_all_badges_and_outlives_its_leader(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            leader = await cluster.until_led()
            other = "ab".replace(leader, "")
            async with badges(cluster, leader, 3) as people:
                result = await settings(cluster, other, "set", "floor.talk_ms", "90s")
                assert result.code == 0, result.err
                assert "floor.talk_ms: 60000 ms -> 90000 ms" in result.out
                assert "applied by 3 of 3 badges" in result.out
                assert [p.badge.participant.settings.version for p in people] == [2, 2, 2]
                told = await settings(cluster, other, "status")
                assert (told.code, told.out.count("applied ")) == (0, 4), told.out
                await until(
                    lambda: any(e.get("values") == {"floor.talk_ms": LIMIT_MS}
                                for e in cluster.events(leader) if e["event"] == "asked"),
                    "the leader's log says who asked",
                )  # fmt: skip
                await refused(cluster, other)
                await in_stages(cluster, other, people)
                await of_the_wifi(cluster, other, people, tmp_path / "password")
                cluster.commands[leader].process.send_signal(signal.SIGKILL)
                await until(lambda: cluster.leads(other), "the other one leads")
                now = await talk_limit(cluster, other)
                assert (now["value"], now["version"]) == (LIMIT_MS, 6)
                nowhere(tmp_path, *PASSWORDS)
                async with asyncio.timeout(PATIENCE_S):
                    while (now := await talk_limit(cluster, other))["applied"] != 3:
                        assert now["badges"] == 3
                await as_a_file(cluster, other, tmp_path / "settings.toml")
                await of_one_group(cluster, other, people, tmp_path / "own.toml")
                await of_one_badge(cluster, other, people)
                await of_one_board(cluster, other, people)

    asyncio.run(scenario())


async def in_stages(cluster: Cluster, name: str, people: list[Person]) -> None:
    """Two of the three badges have it, until the operator takes it back."""
    begun = await settings(cluster, name, "set", "playout_delay_ms=100", "--staged")
    assert begun.code == 0 and "running, stage canary" in begun.out, begun
    await until(lambda: sorted(map(delay_of, people)) == [60, 100, 100], "two have it")
    second = await settings(cluster, name, "set", "talk_ms=90s")
    assert second.code == 1 and "another change is being rolled out" in second.err
    ended = await typed("rollout", "abort", "--control", cluster.folder / f"{name}.sock")
    assert ended.code == 1 and "taken back, stage canary" in ended.out, ended
    await until(lambda: {60} == set(map(delay_of, people)), "nobody has it")


async def of_the_wifi(cluster: Cluster, name: str, people: list[Person], file: Path) -> None:
    """A password is read from a file, or from standard input, told to the badges, and shown to
    nobody."""
    file.write_text(f"{PASSWORDS[0]}\n", "utf-8")
    words = ("wifi", "Venue 2", "--password-file", str(file))
    dry = await settings(cluster, name, *words, "--dry-run")
    assert dry.code == 0 and "by 3 badges (" in dry.out, dry
    bad = await settings(cluster, name, *words, "--open")
    assert bad.code == 2 and "leave one of the two out" in bad.err
    short = await settings(cluster, name, "wifi", "Venue 2", "--password-file", "/dev/null")
    assert short.code == 2 and "is empty" in short.err
    begun = await settings(cluster, name, *words, "--why", "new access points")
    assert begun.code == 0 and "running, stage canary" in begun.out, begun
    wanted = (b"Venue 2", PASSWORDS[0].encode())
    await until(lambda: [p.room.tried[1:] for p in people].count(wanted) == 2, "two are told")
    assert (await typed("rollout", "abort", "--control", cluster.folder / f"{name}.sock")).code == 1
    await until(lambda: all(p.room.state == STAYING for p in people), "nobody wants it")
    told = [begun, dry, bad, *[await settings(cluster, name, each) for each in TELLING]]
    assert not [each for each in told if PASSWORDS[0] in each.out + each.err]
    file.unlink()


def nowhere(folder: Path, *secrets: str) -> None:
    """No file of the hosts, no log and no output has one of `secrets`."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert len(files) > 10
    for secret in secrets:
        assert not [each for each in files if secret.encode() in each.read_bytes()]


def delay_of(person: Person) -> int:
    return person.badge.participant.playout.path.least_ms


async def as_a_file(cluster: Cluster, name: str, file: Path) -> None:
    """All of it can be written, changed and read again, and the new leader tells who did what."""
    assert (await settings(cluster, name, "export", str(file))).code == 0
    file.write_text(file.read_text("utf-8").replace(f"= {LIMIT_MS}", '= "2min"'), "utf-8")
    assert (await settings(cluster, name, "import", str(file), "--dry-run")).code == 0
    done = await settings(cluster, name, "import", str(file), "--why", "a long speech")
    assert done.code == 0 and "90000 ms -> 120000 ms" in done.out
    assert (await settings(cluster, name, "diff", str(file))).code == 0
    for more in ((), ("--dry-run",)):
        again = await settings(cluster, name, "import", str(file), *more)
        assert again.code == 1 and "of version 7, not 6 any more" in again.err
    assert (await settings(cluster, name, "revert", "2")).code == 0
    told = json.loads((await settings(cluster, name, "history", "--json")).out)
    assert [each["version"] for each in told] == [2, 4, 6, 7, 8]
    whys = [
        "",
        "version 3 taken back",
        "version 5 taken back",
        "a long speech",
        "back to version 2",
    ]
    assert [each["why"].partition(":")[0] for each in told] == whys
    assert told[-1]["changed"] == {"floor.talk_ms": [120_000, LIMIT_MS]}


async def of_one_group(cluster: Cluster, name: str, people: list[Person], file: Path) -> None:
    """A group has its own, as long as somebody wants that; a file brings it back."""
    tried = await settings(cluster, name, "set", "playout_delay_ms=90", "--at", "1", "--dry-run")
    assert tried.code == 0 and "obeyed at once by 3 badges (" in tried.out, tried
    done = await settings(cluster, name, "set", "playout_delay_ms=90", "--at", "1")
    assert "audio.playout_delay_ms in group 1: as the venue -> 90 ms" in done.out, done
    assert "applied by 3 of 3 badges" in done.out and set(map(delay_of, people)) == {90}
    file.write_text("[at.1.audio]\nplayout_delay_ms = 'venue'\n", "utf-8")
    assert (await settings(cluster, name, "import", str(file))).code == 0
    assert set(map(delay_of, people)) == {60}


async def of_one_badge(cluster: Cluster, name: str, people: list[Person]) -> None:
    """A badge has its own before that of its group, and only that badge."""
    done = await settings(cluster, name, "set", "playout_delay_ms=40", "--at", "b2")
    assert done.code == 0 and "at badge 0200000000000002: as its groups -> 40 ms" in done.out, done
    assert "applied by 3 of 3 badges" in done.out
    done = await settings(cluster, name, "set", "playout_delay_ms=90", "--at", "1")
    assert done.code == 0 and list(map(delay_of, people)) == [90, 40, 90]
    told = await settings(cluster, name, "explain", "playout_delay_ms", "--at", "B2")
    assert "holds    40 ms at badge B2 (0200000000000002), of its own" in told.out, told
    told = await settings(cluster, name, "get", "playout_delay_ms", "--at", "B1")
    assert told.out == "90 ms\n" and "that of group 1" in told.err, told
    done = await settings(cluster, name, "set", "playout_delay_ms=venue", "--at", "B2")
    assert done.code == 0 and list(map(delay_of, people)) == [90, 90, 90]


async def of_one_board(cluster: Cluster, name: str, people: list[Person]) -> None:
    """All badges of a board have what holds there, where their groups have none of their own."""
    done = await settings(cluster, name, "set", "playout_delay_ms=120", "--at", "esp32c3-devkit")
    assert done.code == 0, done
    assert "on board esp32c3-devkit: as the venue -> 120 ms" in done.out
    assert list(map(delay_of, people)) == [90, 90, 90]
    state = ("--state", str(cluster.state(name)))
    for badge, board in (
        ("B1", "esp32c3-devkit"),
        ("B3", "esp32c3-devkit"),
        ("B2", "esp32-devkit"),
    ):
        done = await typed("device", "board", badge, board, *state)
        assert done.code == 0, done
    assert list(map(delay_of, people)) == [90, 90, 90]  # that of their group
    done = await settings(cluster, name, "set", "playout_delay_ms=venue", "--at", "1")
    assert done.code == 0 and "applied by 3 of 3 badges" in done.out, done
    assert list(map(delay_of, people)) == [120, 60, 120]
    told = await settings(cluster, name, "explain", "playout_delay_ms", "--at", "B1")
    assert "holds    120 ms at badge 0200000000000001, that of the board esp32c3" in told.out, told
    done = await typed("device", "board", "B1", "--unknown", *state)
    assert done.code == 0, done
    await until(lambda: list(map(delay_of, people)) == [60, 60, 120], "it has the venue's again")
    bad = await settings(cluster, name, "set", "playout_delay_ms=90", "--at", "esp32c3-devkti")
    assert bad.code == 2 and "no device is called 'esp32c3-devkti'" in bad.err, bad
    done = await settings(cluster, name, "set", "playout_delay_ms=venue", "--at", "esp32c3-devkit")
    assert done.code == 0 and list(map(delay_of, people)) == [60, 60, 60]


async def refused(cluster: Cluster, name: str) -> None:
    """A value that cannot be is refused in a sentence, and changes nothing."""
    late = await settings(cluster, name, "set", "floor.talk_ms", "5000", "--base", "1")
    assert late.code == 1 and "of version 2, not 1 any more" in late.err
    for value, words in (("1ms", "it goes from 1000"), ("soon", "is no value")):
        bad = await settings(cluster, name, "set", "floor.talk_ms", value)
        assert bad.code == 2 and words in bad.err and bad.err.count("\n") == 1
    assert (await talk_limit(cluster, name))["version"] == 2


@pytest.mark.proof
def test_all_hosts_off_and_on_again_have_the_settings_they_had(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            leader = await cluster.until_led()
            other = "ab".replace(leader, "")
            assert (await settings(cluster, leader, "set", "talk_ms", "2min")).code == 0
            await until((cluster.state(other) / "settings.json").exists, "the standby keeps them")
        async with cluster.started("a"), cluster.started("b"):
            now = await talk_limit(cluster, await cluster.until_led())
            assert (now["value"], now["version"]) == (120_000, 2)

    asyncio.run(scenario())
