"""Commands and hosts whose standard streams are closed, or lie on a disk that is full."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from tests.e2e.command import PRESSEL, running, typed, until
from tests.patience import PATIENCE_S

from pressel.node.control import is_alive


def shell(redirection: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
    command = f'exec "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", command, "sh", *PRESSEL, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


@pytest.mark.sweep(1)
@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_a_command_says_that_its_output_is_lost(tmp_path: Path, redirection: str) -> None:
    """Words on standard error are one sentence, after what the command says there anyway."""

    async def scenario() -> None:
        state, control = tmp_path / "state", tmp_path / "c.sock"
        args = ("leader", "--listen", "127.0.0.1:0", "--state", state, "--control", control)
        async with running(tmp_path / "host", *args):
            await until(lambda: is_alive(control), "the host to answer")
            asked = [
                (*words.split(), "--control", control)
                for words in (
                    "host status",
                    "host return",
                    "status",
                    "settings list",
                    "settings get floor.talk_ms",
                    "settings set floor.talk_ms 90s",
                    "update status",
                )
            ]
            asked += [
                (*words.split(), "--state", state)
                for words in (
                    "device list",
                    "device pending",
                    "device invite",
                    "host list",
                    "host show",
                    "update list",
                )
            ]
            for each in asked:
                result = await asyncio.to_thread(shell, redirection, *each)
                assert result.returncode == 1, each
                assert "Traceback" not in result.stderr, each
                last = result.stderr.splitlines()[-1]
                assert last.startswith("pressel: cannot write the output: "), each
            held = await typed("settings", "get", "talk_ms", "--control", control)
            assert held.out == "90000 ms\n"  # what was asked for was done all the same

    asyncio.run(scenario())


def test_words_that_nobody_can_read_are_no_failure(tmp_path: Path) -> None:
    for number, redirection in enumerate(("2>&-", "2>/dev/full", "<&-", "<&- 2>&-")):
        result = shell(redirection, "device", "add", "Ann", "--state", tmp_path / str(number),
                       "--key-file", tmp_path / f"{number}.json")  # fmt: skip
        assert result.returncode == 0, redirection
        assert (tmp_path / f"{number}.json").exists()
        assert "Traceback" not in result.stderr + result.stdout


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    "redirection", [">/dev/full", ">&-", "2>&-", "2>/dev/full", "<&- >&- 2>&-", ">&- 2>/dev/full"]
)
@pytest.mark.parametrize("form", ["--json", "--discovery"])
def test_a_host_serves_whatever_becomes_of_its_log(
    tmp_path: Path, redirection: str, form: str
) -> None:
    async def scenario() -> None:
        control = tmp_path / "c.sock"
        args = ("leader", form, "--listen", "127.0.0.1:0", "--state", tmp_path / "state",
                "--control", control)  # fmt: skip
        through_shell = ("sh", "-c", f'exec "$@" {redirection}', "sh", *PRESSEL)
        async with running(tmp_path / "host", *args, command=through_shell) as host:
            await until(lambda: is_alive(control) or host.process.poll() is not None, "the host")
            for words in (("status",), ("settings", "set", "floor.talk_ms", "90s")):
                result = await typed(*words, "--control", control)
                assert result.code == 0, (result.err, host.err)
            ended = await host.stop()
            assert "Traceback" not in ended.err
            is_log_lost = form == "--json" and redirection.split()[0] in (">/dev/full", ">&-")
            if is_log_lost and "2>" not in redirection:
                assert ended.err.count("the host serves on without") == 1

    asyncio.run(scenario())
