"""A leader's disk was cloned, and both boxes are on one network, in namespaces of their own."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.e2e.command import PRESSEL, Command, running, until
from tests.e2e.network import network, why_not

from pressel.registry.store import Registry

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

PLACES = {"first": "10.77.0.1", "second": "10.77.0.2"}


def told(command: Command) -> list[str]:
    lines = command.out.splitlines()
    return [json.loads(line)["event"] for line in lines if line.endswith("}")]


def test_row_16_of_two_cloned_hosts_one_leads_and_says_who_the_other_is(tmp_path: Path) -> None:
    if why := why_not():
        pytest.skip(why)

    async def scenario() -> None:
        with network() as net:
            for name, address in PLACES.items():
                net.add(name, address)
                route = ("ip", "route", "add", "default", "dev", "eth0")
                subprocess.run([*net.inside(name), *route], check=True)

            def begun(name: str):
                words = ("leader", "--state", tmp_path / name, "--json",
                         "--control", tmp_path / f"{name}.sock")  # fmt: skip
                inside = (*net.inside(name), *PRESSEL)
                return running(tmp_path / f"{name}-out", *words, command=inside)

            with Registry(tmp_path / "first") as registry:
                registry.enrol("00" * 8, "Ann")
            shutil.copytree(tmp_path / "first", tmp_path / "second")
            async with begun("first") as first:
                await until(lambda: "became_leader" in told(first), "the first to lead")
                async with begun("second") as second:
                    await until(lambda: "double_leads" in told(second), "the second to know")
                    await until(lambda: "lost_leadership" in told(second), "it to stand down")
                    await until(lambda: "double_there" in told(first), "the first to say so")
                    assert "lost_leadership" not in told(first)
                    assert PLACES["second"] in first.out and PLACES["first"] in second.out

    asyncio.run(scenario())
