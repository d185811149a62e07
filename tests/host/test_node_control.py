"""The control socket: one JSON line asks, one answers, and nobody who misuses it harms others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.patience import PATIENCE_S

from pressel.errors import PresselError, UnreachableError, UsageError
from pressel.node import control, control_folder
from pressel.node.desk.desk import Desk
from pressel.node.desk.verb import Verb

desk = Desk(
    [
        Verb("status", lambda fields: {"asked": "status"}),
        Verb("sulk", lambda fields: _refuse()),
    ],
    b"ownhost1",
    lambda: None,
    None,  # pyright: ignore[reportArgumentType]
    bytes.hex,
    lambda event, fields: None,
)
answer = desk.answer


def _refuse() -> None:
    raise UnreachableError("not today")


@contextlib.asynccontextmanager
async def serving(path: Path) -> AsyncIterator[None]:
    server = await control.serve(path, answer)
    try:
        yield
    finally:
        server.close()


async def converse(path: Path, *lines: bytes) -> list[Any]:
    """Send lines on one connection; the answers, None where the other side hung up."""
    reader, writer = await asyncio.open_unix_connection(path, limit=control.LINE_BYTES_MAX)
    answers = []
    for line in lines:
        with contextlib.suppress(OSError):
            writer.write(line)
            await writer.drain()
        reply = b""
        with contextlib.suppress(OSError):
            reply = await asyncio.wait_for(reader.readline(), PATIENCE_S)
        answers.append(json.loads(reply) if reply else None)
    writer.close()
    return answers


def test_asks_and_answers(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "folder" / "c.sock"
        async with serving(path):
            assert await asyncio.to_thread(control.ask, path, "status") == {"asked": "status"}
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    asyncio.run(scenario())


def test_several_questions_on_one_line_of_talk(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path / "c.sock"):
            replies = await converse(tmp_path / "c.sock", *[b'{"ask": "status"}\n'] * 3)
            assert replies == [{"answer": {"asked": "status"}}] * 3

    asyncio.run(scenario())


GARBAGE = {
    "no JSON": b"hello\n",
    "empty": b"\n",
    "no object": b"[1, 2]\n",
    "a number": b"17\n",
    "another key": b'{"tell": "status"}\n',
    "a word unknown": b'{"ask": "shutdown"}\n',
    "no text": b"\xff\xfe\x00\n",
    "a list for a word": b'{"ask": [1]}\n',
    "deep": b"[" * 100_000 + b"\n",
    "long, but whole": b'{"ask": "' + b"x" * 500_000 + b'"}\n',
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_answered_and_the_talk_goes_on(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        path = tmp_path / "c.sock"
        async with serving(path):
            wrong, right = await converse(path, GARBAGE[kind], b'{"ask": "status"}\n')
            assert wrong["error"].startswith("not understood: ")
            assert right == {"answer": {"asked": "status"}}

    asyncio.run(scenario())
    assert capfd.readouterr().err == ""


def test_a_line_without_end_is_hung_up_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        path = tmp_path / "c.sock"
        async with serving(path):
            endless = b"x" * (3 * control.LINE_BYTES_MAX) + b"\n"
            assert (await converse(path, endless))[0] is None
            assert await asyncio.to_thread(control.ask, path, "status") == {"asked": "status"}

    asyncio.run(scenario())
    assert capfd.readouterr().err == ""


def test_many_at_once_and_some_who_say_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        path = tmp_path / "c.sock"
        async with serving(path):
            silent = [await asyncio.open_unix_connection(path) for _ in range(50)]
            asked = [converse(path, b'{"ask": "status"}\n') for _ in range(100)]
            replies = await asyncio.wait_for(asyncio.gather(*asked), PATIENCE_S)
            assert replies == [[{"answer": {"asked": "status"}}]] * 100
            for _, writer in silent:
                writer.transport.abort()

    asyncio.run(scenario())
    assert capfd.readouterr().err == ""


def test_who_waits_while_the_host_ends_leaves_no_traceback(tmp_path: Path) -> None:
    """Python 3.12.1 prints one for a conversation that was cut off."""
    path = tmp_path / "sock"

    asked: list[asyncio.Task[Any] | None] = []

    async def never(request: Any, who: Any) -> dict[str, Any]:
        asked.append(asyncio.current_task())
        await asyncio.Event().wait()
        raise AssertionError

    async def scenario() -> None:
        server = await control.serve(path, never)
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"ask": "status"}\n')
        while not asked:
            await asyncio.sleep(0)
        conversation = asked[0]
        assert conversation is not None
        conversation.cancel()
        await asyncio.wait([conversation])
        assert not conversation.cancelled()
        writer.close()
        server.close()

    asyncio.run(scenario())


def test_a_dead_socket_is_taken_over(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "c.sock"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        with pytest.raises(UnreachableError, match="no host answers"):
            await asyncio.to_thread(control.ask, path, "status")
        async with serving(path):
            assert await asyncio.to_thread(control.ask, path, "status")

    asyncio.run(scenario())


def test_a_home_with_a_long_path_serves_too(tmp_path: Path) -> None:
    """Longer than a socket's name may be; the home of a user may lie anywhere."""
    path = tmp_path / ("deep" * 20) / ("down" * 20) / "c.sock"

    async def scenario() -> None:
        assert not control.is_alive(path)
        async with serving(path):
            assert control.is_alive(path)
            assert await asyncio.to_thread(control.ask, path, "status") == {"asked": "status"}
            with pytest.raises(UsageError, match="another host uses it"):
                await control.serve(path, answer)

    asyncio.run(scenario())


def test_a_living_socket_is_not(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "c.sock"
        async with serving(path):
            with pytest.raises(UsageError, match="another host uses it"):
                await control.serve(path, answer)
            assert await asyncio.to_thread(control.ask, path, "status") == {"asked": "status"}

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_something_else_in_its_place_is_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "c.sock"
    path.mkdir() if kind == "folder" else path.write_text("precious", "utf-8")
    with pytest.raises(UsageError, match="is not a socket"):
        asyncio.run(control.serve(path, answer))
    assert path.is_dir() if kind == "folder" else path.read_text("utf-8") == "precious"


def test_a_path_that_no_socket_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too long"):
        asyncio.run(control.serve(tmp_path / ("x" * 110), answer))
    with pytest.raises(UnreachableError, match="no host answers"):
        control.ask(tmp_path / ("x" * 110), "status")


@pytest.mark.parametrize(
    "reply", [b"", b"garbage\n", b"17\n", b"[]\n", b"{}\n", b"\xff\n", b'{"answer": 1', b"[[[[\n"]
)
def test_what_is_no_leader_is_told(tmp_path: Path, reply: bytes) -> None:
    async def scenario() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(reply)
            writer.close()

        server = await asyncio.start_unix_server(speak, tmp_path / "c.sock")
        with pytest.raises(UnreachableError):
            await asyncio.to_thread(control.ask, tmp_path / "c.sock", "status")
        server.close()

    asyncio.run(scenario())


def test_a_leader_that_refuses_is_quoted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path / "c.sock"):
            with pytest.raises(PresselError, match=r'another version .* know "sing"'):
                await asyncio.to_thread(control.ask, tmp_path / "c.sock", "sing")
            with pytest.raises(UnreachableError, match="not today"):
                await asyncio.to_thread(control.ask, tmp_path / "c.sock", "sulk")

    asyncio.run(scenario())


def test_finds_the_only_leader_and_asks_which_of_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setattr(control, "control_folders", lambda: [folder])
    monkeypatch.setattr(control, "control_folder", lambda: folder)

    async def scenario() -> None:
        with pytest.raises(UnreachableError, match="start one with: pressel host run"):
            control.find(None, None)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / "leader-1.sock"))
        async with serving(folder / "leader-2.sock"):
            assert control.find(None, None) == folder / "leader-2.sock"
            async with serving(folder / "leader-3.sock"):
                with pytest.raises(UsageError, match=r"ports 2, 3\); choose one with --port"):
                    control.find(None, None)
                assert control.find(None, 3) == folder / "leader-3.sock"
                assert control.find(Path("mine"), 3) == Path("mine")

    asyncio.run(scenario())


def test_the_folder_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.fspath(tmp_path))
    assert control.control_path(5).parent.parent == tmp_path


@pytest.mark.parametrize("given", ["none", "gone", "open to all", "a link", "another's", "empty"])
def test_no_folder_that_others_can_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """Everybody may write in the folder for temporary files, and could take the place there
    first."""
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path / "tmp"))
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path / "home"))
    monkeypatch.setattr(control_folder, "RUN", tmp_path / "user")  # as without a session manager
    runtime = tmp_path / "runtime"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "" if given == "empty" else os.fspath(runtime))
    if given == "none":
        monkeypatch.delenv("XDG_RUNTIME_DIR")
    elif given == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        runtime.symlink_to(tmp_path / "elsewhere")
    elif given in ("open to all", "another's"):
        runtime.mkdir(mode=0o700)
        runtime.chmod(0o777 if given == "open to all" else 0o700)
        if given == "another's":
            monkeypatch.setattr(os, "geteuid", lambda: runtime.stat().st_uid + 1)
    assert control.control_path(5) == tmp_path / "home" / "pressel" / "run" / "leader-5.sock"


def test_row_40_a_host_is_found_from_a_shell_with_another_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was started at boot, and is asked from a session; or the other way round."""
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path / "home"))
    monkeypatch.setattr(control_folder, "RUN", tmp_path / "user")
    session = tmp_path / "user" / str(os.geteuid())
    session.mkdir(mode=0o700, parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.fspath(session))

    async def scenario() -> None:
        at_boot = tmp_path / "home" / "pressel" / "run" / "leader-5.sock"
        in_session = session / "pressel" / "leader-6.sock"
        assert control.control_path(6) == in_session
        async with serving(at_boot):
            assert control.find(None, None) == control.find(None, 5) == at_boot
        async with serving(in_session):
            monkeypatch.delenv("XDG_RUNTIME_DIR")
            assert control.find(None, None) == control.find(None, 6) == in_session
        with pytest.raises(UnreachableError, match="no host runs on this machine"):
            control.find(None, None)

    asyncio.run(scenario())


def test_row_40_a_socket_that_is_removed_is_made_again(tmp_path: Path) -> None:
    """A logout removes the runtime folder, and the host serves on."""

    async def scenario() -> None:
        path = tmp_path / "run" / "c.sock"
        told: list[dict[str, Any]] = []
        place = control.Place(path, answer, lambda event, fields: told.append(fields))
        await place.open()
        await place.look()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"ask": "status"}\n')
        assert b"answer" in await reader.readline()
        for remove in (path.unlink, lambda: shutil.rmtree(path.parent)):
            remove()
            assert not control.is_alive(path)
            await place.look()
            assert await asyncio.to_thread(control.ask, path, "status") == {"asked": "status"}
        writer.write(b'{"ask": "status"}\n')
        assert b"answer" in await reader.readline()  # who asked before is answered, too
        writer.close()
        path.unlink()
        path.write_text("in the way")
        for number in range(2):
            await place.keep(number)
        assert len(told) == 1 and "not a socket" in told[0]["advice"]
        path.unlink()
        async with serving(path):  # another host's by now
            place.close()
            assert control.is_alive(path)

    asyncio.run(scenario())


def test_nobody_else_can_open_it_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = asyncio.start_unix_server
    seen: list[int] = []

    async def look_and_start(*args: Any, **how: Any) -> asyncio.Server:
        seen.append(stat.S_IMODE((tmp_path / "c.sock").stat().st_mode))
        return await start(*args, **how)

    async def scenario() -> None:
        monkeypatch.setattr(asyncio, "start_unix_server", look_and_start)
        former = os.umask(0)
        try:
            async with serving(tmp_path / "c.sock"):
                assert await asyncio.to_thread(control.ask, tmp_path / "c.sock", "status")
            assert os.umask(0) == 0  # as it was
        finally:
            os.umask(former)

    asyncio.run(scenario())
    assert seen == [0o600]
