"""`pressel board`: a new board is a folder, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.host.board_files import GOOD

from pressel import cli
from pressel.boards import board as known
from pressel.boards.board import DEFAULT_BOARD, board_ids, load_board
from pressel.boards.chip import chip_ids
from pressel.cli import board as commands


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of boards, with only the default one in it."""
    text = known.board_file(DEFAULT_BOARD).read_text("utf-8")
    for module in (known, commands):
        monkeypatch.setattr(module, "boards_folder", lambda: tmp_path)
    (tmp_path / DEFAULT_BOARD).mkdir()
    (tmp_path / DEFAULT_BOARD / "board.toml").write_text(text, "utf-8")
    return tmp_path


def test_a_new_folder_is_a_new_board(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "board.toml").write_text(GOOD, "utf-8")
    assert cli.main(["board", "list", "--json"]) == 0
    mine = json.loads(capsys.readouterr().out)[1]
    assert (mine["id"], mine["chip"], mine["flash_mib"]) == ("mine", "esp32", 4)
    assert "talks" in mine["can"] and "battery" in mine["can"]
    assert cli.main(["board", "check", "mine"]) == 0
    assert capsys.readouterr().out == "mine: Test board is in order, 1 warning\n"
    assert json.loads(json.dumps(load_board("mine").facts()))["battery"]["pin"] == 34


def test_the_list_shows_every_board(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["board", "list"]) == 0
    out = capsys.readouterr().out
    assert all(board_id in out for board_id in board_ids())


def test_all_are_checked_and_warnings_do_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["board", "check"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("is in order") == len(board_ids())
    assert "listen but not talk" in captured.err


def test_errors_end_in_2_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "board.toml"
    bad.write_text(GOOD.replace("sck = 14", "sck = 99").replace("id = 1", "id = 0"), "utf-8")
    assert cli.main(["board", "check", str(bad)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{bad}:9:1: microphone.sck: " in captured.err and f"{bad}:13:1: " in captured.err
    assert cli.main(["board", "check", "--json", str(bad)]) == 2
    report = json.loads(capsys.readouterr().out)[0]
    first = next(each for each in report["findings"] if each["severity"] == "error")
    assert not report["in_order"] and first["line"] == 9


def test_an_unknown_board_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["board", "check", "nonesuch"]) == 2
    assert DEFAULT_BOARD in capsys.readouterr().err


@pytest.mark.parametrize("chip", chip_ids())
def test_a_template_passes_once_its_pins_are_filled_in(
    folder: Path, chip: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["board", "new", "mine", "--chip", chip]) == 0
    file = folder / "mine" / "board.toml"
    assert cli.main(["board", "check", "mine"]) == 2
    assert "is no TOML" in capsys.readouterr().err
    text = file.read_text("utf-8")
    pins = iter([4, 5, 6, 4, 5, 7, 10] if chip == "esp32c3" else [14, 21, 18, 4, 5, 13, 15])
    while "\nsck = ?" in text or "\nws = ?" in text or "\nsd = ?" in text or "\npin = ?" in text:
        at = min(p for k in ("sck", "ws", "sd", "pin") if (p := text.find(f"\n{k} = ?")) >= 0)
        text = text[:at] + text[at:].replace("?", str(next(pins)), 1)
    file.write_text(text, "utf-8")
    assert cli.main(["board", "check", "mine"]) == 0


def test_a_copy_is_never_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["board", "new", "mine", "--from", DEFAULT_BOARD]) == 0
    assert cli.main(["board", "check", "mine"]) == 0
    before = (folder / "mine" / "board.toml").read_text("utf-8")
    assert cli.main(["board", "new", "mine", "--chip", "esp32"]) == 2
    assert "exists" in capsys.readouterr().err
    assert (folder / "mine" / "board.toml").read_text("utf-8") == before


@pytest.mark.parametrize("words", [["../x", "--chip", "esp32"], ["Mine", "--chip", "esp32"], ["x"]])
def test_what_cannot_be_made_is_refused(folder: Path, words: list[str]) -> None:
    assert cli.main(["board", "new", *words]) == 2
    assert [each.name for each in folder.iterdir()] == [DEFAULT_BOARD]
