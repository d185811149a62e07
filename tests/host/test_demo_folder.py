"""Where a demo writes: a folder of its own, however many run, and no litter of dead ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel import cli
from pressel.demo import run as demo
from pressel.errors import PresselError


def test_the_folder_asked_for_is_made(tmp_path: Path) -> None:
    with demo._own_folder(tmp_path / "a" / "out") as folder:
        assert folder == tmp_path / "a" / "out" and folder.is_dir()


def test_each_demo_at_once_gets_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with demo._own_folder(out) as one, demo._own_folder(out) as two, demo._own_folder(out) as three:
        assert [each.name for each in (one, two, three)] == ["out", "out-2", "out-3"]
    with demo._own_folder(out) as again:
        assert again == out


def test_too_many_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_FOLDERS_MAX", 1)
    with (
        demo._own_folder(tmp_path / "out"),
        pytest.raises(PresselError, match="choose another --out"),
        demo._own_folder(tmp_path / "out"),
    ):
        pass


def test_a_killed_demo_is_cleaned_up_after_and_its_report_kept(tmp_path: Path) -> None:
    left = tmp_path / ".work-17"
    left.mkdir()
    (left / "pcm").write_bytes(b"x")
    (tmp_path / "report.json").write_text("{}", "utf-8")
    with demo._own_folder(tmp_path):
        assert not left.exists()
        assert (tmp_path / "report.json").exists()


def test_an_impossible_folder_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["demo", "--out", str(tmp_path / "file" / "out")]) == 1
    err = capfd.readouterr().err
    assert err.startswith("pressel: cannot write to ") and err.count("\n") == 1
    assert cli.main(["demo", "--out", str(tmp_path / "file")]) == 2
