"""Commands about files find the folder of the host that runs, wherever it lies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pressel import cli
from pressel.doctor import checks
from pressel.node import control
from pressel.node.door import folder_here
from pressel.node.host import HostNode
from pressel.node.options import HostOptions


def beside_host(folder: Path, act: Callable[[], object]) -> None:
    """Do `act` in a thread while a host runs that has `folder`."""
    path = folder.parent / "c.sock"

    async def scenario() -> None:
        is_ready = asyncio.Event()

        def report(event: str, fields: dict[str, Any]) -> None:
            if event == "ready":
                is_ready.set()

        options = HostOptions(("127.0.0.1", 0), folder, control=path, discovery=False)
        node = HostNode(options, report)
        running = asyncio.ensure_future(node.run())
        await is_ready.wait()
        await asyncio.to_thread(act)
        node._stopping.set()
        await running

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_files_go_to_the_folder_of_the_host_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, own = tmp_path / "of the host", tmp_path / "own"
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(own))
    monkeypatch.setattr(control, "all_alive", lambda: [folder.parent / "c.sock"])

    def act() -> None:
        assert folder_here(None) == folder
        assert folder_here(tmp_path) == tmp_path  # said by the operator
        assert str(folder) in next(iter(checks.disk())).words
        file = tmp_path / "bundle.html"
        assert cli.main(["bundle", "make", str(file), "--control", str(tmp_path / "c.sock")]) == 0
        assert cli.main(["recovery", "kit", str(tmp_path / "kit")]) == 0

    beside_host(folder, act)
    assert (folder / "bundle-names.json").exists() and not own.exists()
    assert (tmp_path / "kit").exists(), capsys.readouterr()


def test_where_several_run_the_operator_chooses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(tmp_path / "own"))
    monkeypatch.setattr(control, "all_alive", lambda: [tmp_path / "a", tmp_path / "b"])
    assert cli.main(["bundle", "who", "badge-1"]) == 2
    assert "several hosts run here" in capsys.readouterr().err
