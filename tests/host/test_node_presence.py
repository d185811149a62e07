"""The folder of a host: one for both names, with one process on it, which commands find."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pressel.errors import UnreachableError, UsageError
from pressel.node import control, door
from pressel.node.options import default_state
from pressel.node.presence import control_of, present
from pressel.registry.store import Registry


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "state" / "pressel"


def test_a_folder_of_an_earlier_version_is_found_and_left_where_it_is(home: Path) -> None:
    assert default_state() == home / "host"
    with Registry(home / "leader") as registry:
        registry.enrol("00" * 8, "Ann")
    assert default_state() == home / "leader"
    with door.open_roll(None) as roll:
        assert [each.name for each in roll.devices()] == ["Ann"]
    (home / "host").mkdir()  # of somebody who has begun anew
    assert default_state() == home / "host"


def test_one_host_holds_a_folder_and_says_where_it_is_asked(tmp_path: Path) -> None:
    state = tmp_path / "s"
    assert control_of(state) is None
    with present(state) as presence:
        assert control_of(state) is None  # it starts
        presence.say(tmp_path / "c.sock")
        assert control_of(state) == tmp_path / "c.sock"
        with pytest.raises(UsageError, match="another host runs with the folder"), present(state):
            pass
        assert control_of(state) == tmp_path / "c.sock"
    assert control_of(state) is None
    with present(state):
        pass


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match="cannot keep the host's state"),
        present(tmp_path / "file" / "s"),
    ):
        pass


def test_nobody_works_on_the_files_of_a_host_that_does_not_answer(tmp_path: Path) -> None:
    state = tmp_path / "s"
    with present(state) as presence:
        presence.say(tmp_path / "gone.sock")
        with pytest.raises(UnreachableError), door.open_roll(state) as roll:
            roll.devices()
    assert not (state / "registry.sqlite").exists()


def test_reading_makes_no_folder(tmp_path: Path, home: Path) -> None:
    said: list[str] = []
    with door.open_roll(tmp_path / "typo", writes=False, notice=said.append) as roll:
        assert roll.devices() == []
    assert "no registry" in said[0]
    assert not (tmp_path / "typo").exists() and not home.exists()


def test_a_socket_of_its_own_is_found_by_the_folder(tmp_path: Path) -> None:
    async def nothing(request: object, who: object) -> dict[str, object]:
        return {"answer": None}

    async def scenario() -> None:
        path = tmp_path / "own.sock"
        server = await control.serve(path, nothing)
        with present(default_state()) as presence:
            presence.say(path)
            assert control.find(None, None) == path
            assert door.running(None) == path
        server.close()

    asyncio.run(scenario())


def test_a_socket_deep_in_folders_is_reached(tmp_path: Path, monkeypatch) -> None:
    """A host may be started in a deep folder with a relative path; commands know the whole one."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)

    async def answer(request: object, who: object) -> dict[str, object]:
        return {"answer": "here"}

    async def scenario() -> None:
        monkeypatch.chdir(deep)
        server = await control.serve(Path("c.sock"), answer)
        monkeypatch.chdir(tmp_path)
        assert await asyncio.to_thread(control.ask, deep / "c.sock", "any") == "here"
        server.close()

    asyncio.run(scenario())
