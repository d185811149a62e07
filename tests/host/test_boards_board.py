"""Every mistake that a board.toml can hold is told with its file and its key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

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


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "board.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_the_good_board_is_good(tmp_path: Path) -> None:
    board = read_board(write(tmp_path, GOOD))
    assert board.name == "Test board"
    assert board.facts() == _of_chip(tomllib.loads(GOOD))


def test_a_board_needs_no_light(tmp_path: Path) -> None:
    board = read_board(write(tmp_path, GOOD[: GOOD.index("[led]")]))
    assert "led" not in board.facts()


def test_an_input_only_pin_may_be_listened_to(tmp_path: Path) -> None:
    content = GOOD.replace("sd = 32", "sd = 34").replace("pin = 0", "pin = 35")
    assert read_board(write(tmp_path, content)).microphone.sd == 34


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\x00"])
def test_what_is_no_board_file_is_told(tmp_path: Path, content: bytes) -> None:
    file = write(tmp_path, content)
    with pytest.raises(UsageError, match=r"board\.toml:\d+:\d+: "):
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


def _of_chip(facts: dict[str, Any]) -> dict[str, Any]:
    """An ESP32 swaps samples of mono, which its badge has to know."""
    facts["speaker"]["swap"] = True
    return facts


def test_what_goes_to_the_badge_is_small(tmp_path: Path) -> None:
    content = 'notes = "for people"\nshares_port = false\n' + GOOD.replace(
        "sck = 14", 'sck = 14\nkind = "i2s"\ngain_permille = 1000'
    )
    assert read_board(write(tmp_path, content)).facts() == _of_chip(tomllib.loads(GOOD))


def test_a_badge_gets_all_that_its_sound_chip_and_power_chip_need() -> None:
    facts = load_board("m5stack-sticks3").facts()
    assert facts["codec"]["registers"][:2] == [[0x00, 0x1F, 20], [0x00, 0x00]]
    assert facts["codec"]["talking"] == [[0x02, 0x10]]
    assert facts["codec"]["listening"] == [[0x02, 0x18]]
    assert facts["power"][0]["address"] == 0x6E and "psram" not in facts
    assert load_board("waveshare-epaper-154").facts()["hold"] == [
        {"pin": 17, "high": True}, {"pin": 6, "high": False}, {"pin": 42, "high": False}
    ]  # fmt: skip


def test_power_needs_the_wires_of_a_codec(tmp_path: Path) -> None:
    power = "[[power]]\naddress = 0x6E\nregisters = [[1, 2, 3]]\n"
    with pytest.raises(UsageError, match="power needs a codec"):
        read_board(write(tmp_path, GOOD + power))


def test_what_is_not_a_default_goes_to_the_badge() -> None:
    facts = load_board("m5stack-atom-echo").facts()
    assert facts["shares_port"] is True
    assert facts["microphone"] == {"kind": "pdm", "id": 0, "sck": 33, "sd": 23}
    assert facts["led"] == {"kind": "rgb", "pin": 27}
    assert "notes" not in facts
