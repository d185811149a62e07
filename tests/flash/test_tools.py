"""The programs esptool and mpremote themselves, as a person would call them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.flash.bench import CHIPS, flash_bytes, image_file, make_order
from tests.patience import PATIENCE_S

from pressel.emulator.badge import EmulatedBadge
from pressel.flash.job import flash_badge


def _run(*words: str) -> str:
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.sweep(1)
@pytest.mark.parametrize("chip", CHIPS)
def test_esptool_writes_verifies_and_reads_back(tmp_path: Path, chip: str) -> None:
    file, _ = image_file(tmp_path, chip)
    back = tmp_path / "back"
    size = file.stat().st_size
    with EmulatedBadge(chip, tmp_path / "flash", flash_bytes(chip)) as badge:
        start = ("esptool", "--chip", chip, "--port", badge.port)
        _run(*start, "write-flash", "0x10000", str(file), "--force")
        _run(*start, "verify-flash", "0x10000", str(file))
        _run(*start, "read-flash", "0x10000", str(size), str(back))
    assert back.read_bytes() == file.read_bytes()
    assert os.path.getsize(tmp_path / "flash") == flash_bytes(chip)


def test_mpremote_sees_the_files_and_what_it_writes_outlives_the_badge(tmp_path: Path) -> None:
    order = make_order(tmp_path, "esp32", name="Bar 1")
    with EmulatedBadge("esp32", tmp_path / "flash", 4 << 20) as badge:
        flash_badge(badge.port, order, None, lambda stage, share: None)
        start = ("mpremote", "connect", badge.port)
        assert "main.py" in _run(*start, "ls")
        assert "Bar 1" in _run(*start, "cat", ":config.json")
        _run(*start, "exec", "open('note', 'w').write('kept')")
    with EmulatedBadge("esp32", tmp_path / "flash", 4 << 20) as badge:
        assert _run("mpremote", "connect", badge.port, "cat", ":note") == "kept"
