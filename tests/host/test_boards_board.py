"""Every mistake that a board.toml can hold is told with its file and its key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pressel import cli
from pressel.boards.board import DEFAULT_BOARD, board_ids, boards_folder, load_board, read_board
from pressel.errors import UsageError

GOOD = """\
name = "Test board"
chip = "esp32"
flash_mib = 4
[microphone]
id = 0
sck = 14
ws = 15
sd = 32
[speaker]
id = 1
sck = 26
ws = 25
sd = 22
[button]
pin = 0
active_low = true
[led]
pin = 2
active_high = true
"""

# What is replaced, by what, and what the message must name.
MISTAKES = {
    "unknown key": ("flash_mib = 4", "flash_mib = 4\ncolour = 1", ["colour"]),
    "unknown key inside": ("sck = 14", "sck = 14\nmclk = 3", ["microphone.mclk"]),
    "unknown table": ("[led]", "[lamp]", ["lamp"]),
    "missing pin": ("sck = 14\n", "", ["microphone.sck"]),
    "missing button": ("[button]\npin = 0\nactive_low = true\n", "", ["button"]),
    "missing name": ('name = "Test board"\n', "", ["name"]),
    "pin that is a word": ("sck = 14", 'sck = "GPIO14"', ["microphone.sck"]),
    "pin below zero": ("sck = 14", "sck = -1", ["microphone.sck"]),
    "pin that the chip lacks": ("sck = 14", "sck = 40", ["microphone.sck", "40", "esp32"]),
    "input-only pin driven": ("sd = 22", "sd = 34", ["speaker.sd", "34", "input only"]),
    "input-only pin for the light": ("pin = 2\n", "pin = 39\n", ["led.pin", "39", "input only"]),
    "one pin twice": ("ws = 25", "ws = 14", ["speaker.ws", "14", "microphone.sck"]),
    "button on a sound pin": ("pin = 0", "pin = 22", ["button.pin", "22", "speaker.sd"]),
    "one I2S port twice": ("id = 1", "id = 0", ["microphone.id", "speaker.id"]),
    "I2S port that is not there": ("id = 1", "id = 2", ["speaker.id"]),
    "unknown chip": ('"esp32"', '"esp8266"', ["chip"]),
    "no flash": ("flash_mib = 4", "flash_mib = 0", ["flash_mib"]),
    "wrong kind": ("active_low = true", 'active_low = "maybe"', ["button.active_low"]),
    "broken TOML": ("[speaker]", "[speaker", ["line 9"]),
    "a key twice": ("flash_mib = 4", "flash_mib = 4\nflash_mib = 4", ["line 4"]),
}


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "board.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_the_good_board_is_good(tmp_path: Path) -> None:
    board = read_board(write(tmp_path, GOOD))
    assert board.name == "Test board"
    assert board.facts() == tomllib.loads(GOOD)


def test_a_board_needs_no_light(tmp_path: Path) -> None:
    board = read_board(write(tmp_path, GOOD[: GOOD.index("[led]")]))
    assert "led" not in board.facts()


def test_an_input_only_pin_may_be_listened_to(tmp_path: Path) -> None:
    content = GOOD.replace("sd = 32", "sd = 34").replace("pin = 0", "pin = 35")
    assert read_board(write(tmp_path, content)).microphone.sd == 34


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_file_and_key(tmp_path: Path, mistake: str) -> None:
    old, new, named = MISTAKES[mistake]
    assert old in GOOD
    file = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(UsageError) as caught:
        read_board(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    for word in named:
        assert word in message


def test_several_mistakes_are_told_together(tmp_path: Path) -> None:
    content = GOOD.replace("sck = 14", "sck = -1").replace("active_low = true\n", "")
    with pytest.raises(UsageError) as caught:
        read_board(write(tmp_path, content))
    assert "microphone.sck" in str(caught.value) and "button.active_low" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\x00"])
def test_what_is_no_board_file_is_told(tmp_path: Path, content: bytes) -> None:
    file = write(tmp_path, content)
    with pytest.raises(UsageError, match=r"board\.toml: "):
        read_board(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"board\.toml"):
        read_board(tmp_path / "board.toml")


@pytest.mark.parametrize("board_id", board_ids())
def test_every_shipped_board_is_in_order(board_id: str) -> None:
    assert load_board(board_id).name


def test_the_default_board_ships() -> None:
    assert DEFAULT_BOARD in board_ids()
    assert {each.name for each in boards_folder().iterdir() if each.is_dir()} == set(board_ids())


@pytest.mark.parametrize("board_id", ["", "../boards/esp32-devkit", "nonesuch"])
def test_an_unknown_board_is_told_with_those_known(board_id: str) -> None:
    with pytest.raises(UsageError, match=DEFAULT_BOARD):
        load_board(board_id)


def test_board_check_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["board", "check"]) == 0
    assert capsys.readouterr().out.count("is in order") == len(board_ids())
    bad = write(tmp_path, GOOD.replace("sck = 14", "sck = 99"))
    assert cli.main(["board", "check", str(bad)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"pressel: {bad}: microphone.sck")
