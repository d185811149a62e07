"""The log of a host: JSON lines and sentences, levels, files, and disks that are full."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.node import log
from pressel.node.log import Lines, LogFile, WordLog, report_json


class Disk(io.StringIO):
    """Standard output on a disk that may be full."""

    is_full = False

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_it_is_told_once_that_the_disk_is_full_and_that_it_has_room_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = Disk()
    monkeypatch.setattr(sys, "stdout", disk)
    monkeypatch.setattr("pressel.node.log._LINES", Lines())
    for number in range(6):
        disk.is_full = number in (1, 2, 3)
        report_json("text", {"number": number})
    written = [json.loads(line)["number"] for line in disk.getvalue().splitlines()]
    assert written == [0, 4, 5]
    assert capsys.readouterr().err.splitlines() == [
        "cannot write events: No space left on device; the host serves on without",
        "events are written again; some are missing",
    ]


def test_each_line_has_its_date_and_a_level_that_can_be_chosen(tmp_path: Path, capsys) -> None:
    file = tmp_path / "log"
    for level in log.LEVELS:
        told = WordLog(level, file)
        told("stopped", {})
        told("control_off", {"advice": "x"})
    lines = file.read_text().splitlines()
    assert [line.split()[2] for line in lines] == ["info", "warning", "warning"]
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in lines)


def test_a_large_file_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FILE_BYTES_MAX", 400)
    monkeypatch.setattr(log, "FILES_MAX", 2)
    file = LogFile(tmp_path / "log")
    for number in range(100):
        file.write("info", f"line {number}")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    assert "line 99" in (tmp_path / "log").read_text()
    assert all(each.stat().st_size <= 400 for each in tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk at hand")
def test_row_8_a_log_on_a_full_disk_is_told_once(tmp_path: Path, capsys) -> None:
    (tmp_path / "log").symlink_to("/dev/full")
    file = LogFile(tmp_path / "log")
    for _ in range(3):
        file.write("info", "words")
    err = capsys.readouterr().err
    assert err.count("No space left on device") == 1
    assert "Traceback" not in err


def test_a_log_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write the log"):
        LogFile(tmp_path / "nothing" / "log")


def test_journald_gets_its_levels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        facts = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
        monkeypatch.setattr(sys, "stderr", stream)
        told = WordLog()
        told("control_off", {"advice": "x"})
        told("stopped", {})
    lines = (tmp_path / "stream").read_text().splitlines()
    assert [line[:3] for line in lines] == ["<4>", "<6>"]
