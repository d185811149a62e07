"""A demo that is ended midway, in whatever way, leaves no process behind."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from tests.e2e.command import Command, all_gone, running, until

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
CHILDREN = 4  # a leader and three badges
INTERRUPTED = 130
GONE_LIMIT_S = 10.0  # left alone, the demo would go on for longer than that


def _demo_of(command: Command) -> psutil.Process | None:
    """The process of `pressel demo`, which may be a child of make."""
    for each in command.family():
        try:
            if "demo" in each.cmdline() and "make" not in each.name():
                return each
        except psutil.NoSuchProcess:
            continue
    return None


def _has_its_cast(command: Command) -> bool:
    demo = _demo_of(command)
    return demo is not None and len(demo.children(recursive=True)) >= CHILDREN


async def _midway(command: Command) -> list[psutil.Process]:
    """All processes of a demo, once somebody talks in it."""
    await command.line("A presses and speaks")
    await until(lambda: _has_its_cast(command), "a leader and three badges")
    return command.family()


@pytest.mark.sweep(1)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_demo_that_is_told_to_end_ends_tidily(tmp_path: Path, number: signal.Signals) -> None:
    async def scenario() -> None:
        async with running(tmp_path / "log", "demo", "--out", tmp_path / "out") as command:
            everybody = await _midway(command)
            command.process.send_signal(number)
            result = await command.end()
            await all_gone(everybody, GONE_LIMIT_S)
        assert result.code == INTERRUPTED
        assert "Traceback" not in result.err and "never" not in result.err
        left = [each.name for each in (tmp_path / "out").iterdir()]
        assert sorted(left) == [".lock", "firmware", "firmware.map.json"]

    asyncio.run(scenario())


def test_a_demo_that_is_killed_takes_all_with_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path / "log", "demo", "--out", tmp_path / "out") as command:
            everybody = await _midway(command)
            command.process.kill()
            await all_gone(everybody, GONE_LIMIT_S)

    asyncio.run(scenario())


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_a_demo_ends_when_its_make_is_killed(tmp_path: Path) -> None:
    """With the recipe of the Makefile; make itself must be given another folder to write to."""
    recipe = next(
        line.strip().removeprefix("@")
        for line in (ROOT / "Makefile").read_text("utf-8").splitlines()
        if "pressel demo" in line
    )
    mine = recipe.replace("build/demo", str(tmp_path / "out"))
    mine = mine.replace("$(BIN)", str(ROOT / ".venv" / "bin"))
    assert "build/demo" in recipe and "$" not in mine
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"demo:\n\t@{mine}\n", "utf-8")

    async def scenario() -> None:
        make = ("make", "-f", str(makefile), "demo")
        async with running(tmp_path / "log", command=make) as command:
            everybody = await _midway(command)
            assert psutil.Process(command.process.pid).name() == "make"
            command.process.kill()
            await all_gone(everybody, GONE_LIMIT_S)

    asyncio.run(scenario())
