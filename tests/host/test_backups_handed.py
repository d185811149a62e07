"""A service writes where root does not look, and the other way round: files are handed over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.node import backups
from pressel.node.presence import control_of
from pressel.registry.device import Entitlements
from pressel.registry.store import Registry


def test_a_service_hands_over_backups(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, copy = tmp_path / "state", tmp_path / "x.backup"
    with Registry(state) as registry:
        registry.enrol("a1" + 14 * "0", "Ann", (1,), Entitlements())
    command = [sys.executable, "-P", "-m", "pressel", "leader", "--listen", "127.0.0.1:0"]
    away = {"HOME": str(home), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [*command, "--state", str(state), "--json"], stdout=subprocess.PIPE, env=away
    ) as host:
        try:
            assert host.stdout is not None
            for line in host.stdout:
                if b'"became_leader"' in line:
                    break
            asked: list[str] = []
            ask = backups.control.ask

            def asking(path, verb, **fields):
                asked.append(fields["file"])
                return ask(path, verb, **fields)

            monkeypatch.setattr(backups.control, "ask", asking)
            monkeypatch.setattr(backups, "_is_anothers", lambda path: True)
            assert backups.back_up(state, copy) == state
            assert copy.stat().st_mode & 0o777 == 0o600
            with pytest.raises(UsageError, match="exists"):
                backups.back_up(state, copy)
            backups.restore(state, copy)
            place = control_of(state)
            assert place is not None
            assert {Path(each).parent for each in asked} == {place.parent}
            assert not list(place.parent.glob("handed-*"))  # nothing is left behind
        finally:
            host.terminate()
    with Registry(state) as registry:
        assert [each.name for each in registry.devices()] == ["Ann"]
