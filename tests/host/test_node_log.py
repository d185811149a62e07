"""The log of a host as JSON lines, while its disk is full and when it has room again."""

from __future__ import annotations

import errno
import io
import json
import os
import sys

import pytest

from pressel.node.log import Lines, report_json


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
