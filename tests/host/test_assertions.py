"""Engines say by assertions what must never be: the simulator hears them, badges do not carry
them."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from pressel.pack import build_firmware
from pressel.pack.build import ROOT
from pressel.pack.packing import PACKINGS
from pressel.sim.workers import interpreters

FAULT = "from ptt.base import clock; clock.since(0, 1 << 29)"
FOLDERS = ("base", "wire", "link", "media", "badge", "leader", "cluster")
LEAST = 20  # assertions that are here


def words() -> list[bytes]:
    """What the assertions of the engines say."""
    found = []
    for folder in FOLDERS:
        for file in (ROOT / "shared" / "ptt" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Assert) and isinstance(node.msg, ast.Constant):
                    found.append(str(node.msg.value).encode())
    return found


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_badge_carries_no_assertions(packing: str, tmp_path: Path) -> None:
    build = build_firmware(tmp_path / "firmware", packing=PACKINGS[packing])
    files = [file for file in build.folder.rglob("*") if file.is_file()]
    image = b"".join(file.read_bytes() for file in files)
    assert b"version" in image and len(words()) >= LEAST
    assert [each for each in words() if each in image] == []


def test_the_simulator_hears_them_whatever_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    for each in interpreters():
        done = subprocess.run(
            [*each.command, "-c", FAULT], env=dict(each.environment), capture_output=True, text=True
        )
        assert done.returncode == 1 and "too far apart" in done.stderr, each.name
