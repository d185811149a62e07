"""A host of the version before the venue's log beside a new one, as during an upgrade: what works,
and what each is told. The former host is a process of its code, taken from the history."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.command import Command, running, until
from tests.e2e.test_desk import done
from tests.e2e.test_nodes import Cluster

from pressel.registry.identity import public_key
from pressel.registry.store import Registry

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

ROOT = Path(__file__).resolve().parents[2]
FORMER = "a7eb58cf3d45f6ee0ab4e52b9efa357fc2e4b7d5"  # each host had a log of its own


def former_code(folder: Path, commit: str = FORMER) -> Path:
    """Where a former version lies; the test is left out where the history is not there."""
    told = subprocess.run(
        ["git", "archive", commit, "host", "shared"], cwd=ROOT, capture_output=True, check=False
    )
    if told.returncode:
        pytest.skip("this clone has not the whole history")
    with tarfile.open(fileobj=io.BytesIO(told.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Mixed(Cluster):
    """Host "a" is of the former version, "b" of this one."""

    def __init__(self, folder: Path) -> None:
        code = former_code(folder / "code")
        path = f"PYTHONPATH={code / 'host'}:{code / 'shared'}"
        self.former = ("env", path, sys.executable, "-m", "pressel")
        super().__init__(folder, "ab")

    def _make_identities(self) -> None:
        keys = {}
        while len({key[:2] for key in keys.values()}) < 2 or marks(keys):
            for name in "ab":
                (self.state(name) / "host.key").unlink(missing_ok=True)
                keys[name] = public_key(self.state(name))
        self.former_says("host", "allow", "b", keys["b"])
        with Registry(self.state("b")) as registry:
            registry.allow_host("a", keys["a"])

    def former_says(self, *words: str, at: str = "--state") -> str:
        """A command of the former version; where `at` is "--control", one of its running host."""
        where = self.state("a") if at == "--state" else self.folder / "a.sock"
        told = subprocess.run(
            [*self.former, *words, at, str(where)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return told.stdout

    @contextlib.asynccontextmanager
    async def started_former(self) -> AsyncIterator[Command]:
        async with running(
            self.folder / "former", "node", "--json", "--no-discovery",
            "--listen", "127.0.0.1:0", "--hosts", f"127.0.0.1:{self.ports['a']}",
            "--state", self.state("a"), "--control", self.folder / "a.sock",
            "--peer", f"127.0.0.1:{self.ports['b']}", command=self.former,
        ) as command:  # fmt: skip
            self.commands["a"] = command
            yield command


def marks(keys: dict[str, str]) -> bool:
    """Whether two hosts have one mark, which both would refuse."""
    from pressel.node.channel.channel import host_of
    from ptt.cluster.ballot import mark_of

    return len({mark_of(host_of(bytes.fromhex(key))) for key in keys.values()}) < len(keys)


def test_a_former_host_and_a_new_one_are_one_venue_until_it_is_updated(tmp_path: Path) -> None:
    async def scenario() -> None:
        cluster = Mixed(tmp_path)
        async with cluster.started("b"), cluster.started_former():
            leader = await cluster.until_led()
            here = ("--state", cluster.state("b"))

            def advice() -> list[str]:
                """About the log; that its messages are others is told, too."""
                said = [e for e in cluster.events("b") if e["event"] == "other_host"]
                told = [str(each["advice"]) for each in said if each["name"] == "a"]
                return [each for each in told if "another version of Pressel" not in each]

            await until(advice, "the new host to name the former one")
            assert "does not know the venue's log" in advice()[0]
            assert "update it" in advice()[0]
            if leader == "a":  # the operator updates it first, so the new one leads meanwhile
                await asyncio.to_thread(cluster.former_says, "host", "resign", at="--control")
                await until(lambda: cluster.leads("b"), "the new host to lead")
            key = tmp_path / "ann.json"
            await done("device", "add", "Ann", "--key-file", key, *here)

            def listed() -> set[str]:
                told = cluster.former_says("device", "list", "--json")
                return {each["name"] for each in json.loads(told)}

            assert "Ann" in await asyncio.to_thread(listed)
            assert len(advice()) == 1, "once"
        async with cluster.started("a"), cluster.started("b"):  # it is updated
            await cluster.until_led()

            def is_same() -> bool:
                names = []
                for name in "ab":
                    with Registry(cluster.state(name)) as registry:
                        names.append([each.name for each in registry.devices()])
                return names == [["Ann"], ["Ann"]]

            await until(is_same, "both to have the log")
            for name in "ab":
                with Registry(cluster.state(name)) as registry:
                    assert registry.verify()

    asyncio.run(scenario())
