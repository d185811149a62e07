"""A file that a command makes is there whole, or not at all: a stump keeps the next try out."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from pressel import cli
from pressel.registry.store import Registry
from pressel.tree import ROOT
from pressel.whole_file import new_file

# They write beside, and move what is whole.
BESIDE = {"whole_file.py", "registry/database.py", "bundle/pseudonyms.py"}


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full by the time what was written must lie on it."""

    def fsync(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


def test_what_could_not_be_written_is_gone(tmp_path: Path, full: None) -> None:
    with pytest.raises(OSError, match="No space"), new_file(tmp_path / "x") as out:
        out.write(b"half")
    assert not list(tmp_path.iterdir())


def test_what_was_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("x", "link"):
        with pytest.raises(FileExistsError), new_file(tmp_path / name) as out:
            out.write(b"new")
    assert (tmp_path / "x").read_text() == "old" and not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "words", ["audit export {out}", "registry backup {out}", "device add Ann --key-file {out}"]
)
def test_commands_leave_no_stump(tmp_path: Path, full: None, words: str, capsys) -> None:
    state, out = tmp_path / "state", tmp_path / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        Registry(state).close()
    assert cli.main([*words.format(out=out).split(), "--state", str(state)]) in (1, 2)
    assert "No space left" in capsys.readouterr().err
    assert not out.exists()


def test_nobody_else_makes_files_that_must_be_new() -> None:
    host = ROOT / "host" / "pressel"
    made = {
        str(file.relative_to(host))
        for file in host.rglob("*.py")
        if re.search(r'O_EXCL|open\("xb?"', file.read_text("utf-8"))
    }
    assert made <= BESIDE
