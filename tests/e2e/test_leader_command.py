"""`pressel leader` and `pressel status` as a user meets them: ports, sockets, folders, pipes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.command import PRESSEL, Command, Result, run, running, typed, until
from tests.patience import PATIENCE_S

from pressel.demo.actor import Actor
from pressel.demo.venue import run_badges


def _ready(command: Command) -> dict[str, object]:
    return json.loads(command.out.splitlines()[0])


def leading(folder: Path, *more: str | Path):
    """A leader that writes JSON events, with the default port and state folder."""
    listen = () if "--listen" in more else ("--listen", "127.0.0.1:0")
    return running(folder, "leader", "--json", *listen, *more)


async def _port(command: Command) -> str:
    await until(lambda: command.out.count("\n"), "the leader to be ready")
    return str(_ready(command)["port"])


def test_status_finds_the_leader_that_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        none = await run(tmp_path / "status-0", "status")
        assert none.code == 3 and none.is_one_sentence()
        assert "pressel host run" in none.err
        async with leading(tmp_path / "one") as one:
            port = await _port(one)
            shown = await run(tmp_path / "status-1", "status")
            assert shown.code == 0 and f"Leader on 127.0.0.1:{port}" in shown.out
            assert "0 members" in shown.out and "nobody talks" in shown.out
            text = await typed("text", "closing", "soon")
            assert text.code == 1 and text.is_one_sentence() and "nobody is there" in text.err
            async with leading(tmp_path / "other", "--state", tmp_path / "s") as other:
                both = {port, await _port(other)}
                which = await typed("status")
                assert which.code == 2 and which.is_one_sentence()
                assert set(re.findall(r"\d+", which.err)) == both and "--port" in which.err
                chosen = await typed("status", "--json", "--port", port)
                assert json.loads(chosen.out)["address"] == f"127.0.0.1:{port}"
                assert (await other.stop()).code == 0
            one.process.send_signal(signal.SIGINT)
            assert (await one.end()).code == 0
        assert (await typed("status")).code == 3

    asyncio.run(scenario())


def test_a_leader_whose_runtime_folder_is_removed_is_found_again(tmp_path: Path) -> None:
    """As a logout does."""

    async def scenario() -> None:
        async with leading(tmp_path / "log") as command:
            await _port(command)
            runtime = tmp_path / "home" / "RUNTIME_DIR" / "pressel"
            shutil.rmtree(runtime)
            await until(lambda: list(runtime.glob("*.sock")), "the socket to be there again")
            assert (await typed("status")).code == 0
            assert (await command.stop()).code == 0
        assert not list(runtime.glob("*.sock"))

    asyncio.run(scenario())


@pytest.mark.sweep(1)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    async def scenario() -> None:
        async with leading(tmp_path / "log") as command:
            await _port(command)
            command.process.send_signal(number)
            assert (await command.end()).code == 0
            assert json.loads(command.out.splitlines()[-1])["event"] == "stopped"
        assert not list((tmp_path / "home" / "RUNTIME_DIR").rglob("*.sock"))

    asyncio.run(scenario())


@pytest.mark.proof
def test_the_socket_of_a_killed_leader_is_no_leader_and_in_nobodys_way(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with leading(tmp_path / "first") as command:
            port = await _port(command)
            command.process.kill()
            await command.end()
        gone = await run(tmp_path / "status-1", "status")
        assert gone.code == 3 and gone.is_one_sentence()
        named = await typed("status", "--port", port)
        assert named.code == 3 and named.is_one_sentence()
        async with leading(tmp_path / "second", "--listen", f"127.0.0.1:{port}") as command:
            await _port(command)
            assert (await typed("status")).code == 0

    asyncio.run(scenario())


def test_a_second_leader_is_told_what_is_in_its_way(tmp_path: Path) -> None:
    async def scenario() -> None:
        socket = tmp_path / "home" / "c.sock"
        async with leading(tmp_path / "first", "--control", socket) as command:
            port = await _port(command)
            listen = ("--listen", f"127.0.0.1:{port}", "--state", tmp_path / "s")
            same_port = await run(tmp_path / "second", "leader", *listen)
            assert same_port.code == 2 and same_port.is_one_sentence()
            assert f"127.0.0.1:{port}" in same_port.err and "another leader" in same_port.err
            same_folder = await run(tmp_path / "folder", "leader", "--listen", "127.0.0.1:0")
            assert same_folder.code == 2 and same_folder.is_one_sentence()
            assert "another host runs with the folder" in same_folder.err
            elsewhere = ("--state", tmp_path / "s", "--control", socket)
            other_port = ("leader", "--listen", "127.0.0.1:0", *elsewhere)
            same_socket = await run(tmp_path / "third", *other_port)
            assert same_socket.code == 2 and same_socket.is_one_sentence()
            assert "another host uses it" in same_socket.err
            # and the first one is as it was
            status = await typed("status", "--json", "--control", socket)
            assert json.loads(status.out)["address"] == f"127.0.0.1:{port}"

    asyncio.run(scenario())


def test_a_file_in_the_place_of_the_control_socket_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("years of work", "utf-8")
    result = asyncio.run(
        run(tmp_path / "log", "leader", "--listen", "127.0.0.1:0", "--control", precious)
    )
    assert result.code == 2 and result.is_one_sentence()
    assert precious.read_text("utf-8") == "years of work"


@pytest.mark.parametrize(
    ("content", "says"),
    [("what?\n", "damaged"), ("", "damaged"), (b"\xff\xfe", "damaged"), (None, "cannot keep")],
)
def test_a_damaged_or_impossible_state_folder_is_told(
    tmp_path: Path, content: str | bytes | None, says: str
) -> None:
    state = tmp_path / "state"
    if content is None:
        (tmp_path / "file").touch()
        state = tmp_path / "file" / "state"
    else:
        state.mkdir()
        (state / "term").write_bytes(content if isinstance(content, bytes) else content.encode())
    result = asyncio.run(
        run(tmp_path / "log", "leader", "--listen", "127.0.0.1:0", "--state", state)
    )
    assert result.code == 2 and result.is_one_sentence()
    assert says in result.err and str(state) in result.err


@pytest.mark.sweep(1)
@pytest.mark.parametrize("kept", ["70000000\n", f"70000100 {'ab' * 8}\n"])
def test_goes_on_above_what_an_earlier_leader_or_node_kept(tmp_path: Path, kept: str) -> None:
    """In the folder that both used; a node's record has its vote."""
    old = tmp_path / "home" / "STATE_HOME" / "pressel" / "leader"
    old.mkdir(parents=True)
    (old / "term").write_text(kept, "ascii")

    async def scenario() -> None:
        async with leading(tmp_path / "log") as command:
            await until(lambda: "became_leader" in command.out, "it to lead")
            told = [json.loads(line) for line in command.out.splitlines()]
            (term,) = [each["term"] for each in told if each["event"] == "became_leader"]
            assert term > int(kept.split()[0])
            assert (old / "term").read_text("ascii").startswith(f"{term} ")

    asyncio.run(scenario())


def test_serves_on_when_nobody_reads_its_events_any_more(work: Path) -> None:
    """As in `pressel leader --json | head -1`."""
    leader = subprocess.Popen(
        [*PRESSEL, "leader", "--json", "--listen", "127.0.0.1:0", "--state", work / "leader"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert leader.stdout is not None and leader.stderr is not None
    try:
        port = json.loads(leader.stdout.readline())["port"]
        leader.stdout.close()

        async def two_join() -> None:
            async with run_badges("AB", f"127.0.0.1:{port}", work) as (a, b):
                await _talk(a, b)
                await _talk(b, a)

        asyncio.run(two_join())
        leader.terminate()
        assert leader.wait(PATIENCE_S) == 0
        assert leader.stderr.read() == b""
    finally:
        leader.kill()
        leader.wait()
        leader.stderr.close()


async def _talk(talker: Actor, listener: Actor) -> None:
    talker.badge.press()
    granted = await talker.wait_for("granted")
    talker.badge.release()
    await listener.wait_for("heard", lambda value: value[1] == granted.value)


@pytest.mark.sweep(1)
@pytest.mark.parametrize("stdin", ["closed", "/dev/null"])
def test_a_leader_bound_to_a_parent_that_is_not_there_ends(tmp_path: Path, stdin: str) -> None:
    args = ["leader", "--listen", "127.0.0.1:0", "--dies-with-parent"]
    line = f'exec "$0" -m pressel {" ".join(args)} ' + ("<&-" if stdin == "closed" else f"<{stdin}")
    ended = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=tmp_path,
    )
    result = Result(ended.returncode, ended.stdout, ended.stderr)
    assert result.code == 0 and "Traceback" not in result.err
    assert not list((tmp_path / "home" / "RUNTIME_DIR").rglob("*.sock"))
    assert os.listdir(tmp_path) == ["home"]
