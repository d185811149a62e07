"""The light, the files on flash, and the address of the leader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import Pin

LED = 2


def levels(light: Any, *moments_ms: int) -> list[int]:
    """The level of the pin at each moment."""
    Pin.written.clear()
    seen, level = [], -1
    for now_ms in moments_ms:
        light.update(now_ms)
        level = Pin.written[-1][1] if Pin.written else level
        seen.append(level)
    return seen


def light(firmware: Load, on_ms: int, period_ms: int, active_high: bool = True) -> Any:
    made = firmware("hal.indicator").Indicator(LED, active_high)
    made.show(on_ms, period_ms, 0xFF, 1000)
    return made


def test_dark_steady_and_blinking(firmware: Load) -> None:
    assert levels(light(firmware, 0, 1000), 1000, 1500) == [0, 0]
    assert levels(light(firmware, 1000, 1000), 1000, 1999, 5000) == [1, 1, 1]
    assert levels(light(firmware, 100, 400), 1000, 1099, 1100, 1399, 1400) == [1, 1, 0, 0, 1]


def test_a_led_that_is_lit_by_a_low_level(firmware: Load) -> None:
    assert levels(light(firmware, 100, 400, active_high=False), 1000, 1100) == [0, 1]


def test_showing_the_same_does_not_start_it_anew(firmware: Load) -> None:
    made = light(firmware, 100, 400)
    made.show(100, 400, 0xFF, 1090)
    assert levels(made, 1100) == [0]


def test_the_pin_is_written_when_it_changes_only(firmware: Load) -> None:
    made = light(firmware, 100, 400)
    levels(made, *range(1000, 1400, 5))
    assert Pin.written == [(LED, 1), (LED, 0)]


def test_a_board_without_a_led(firmware: Load) -> None:
    made = firmware("hal.indicator").Indicator(-1, True)
    made.show(100, 400, 0xFF, 0)
    assert levels(made, 0, 50) == [-1, -1]


@pytest.fixture
def store(firmware: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    return firmware("hal.store").Store()


def test_a_record_comes_back(store: Any, tmp_path: Path) -> None:
    store.save("notes", {"a": 1})
    store.save("notes", {"a": 2})
    assert store.load("notes") == {"a": 2}
    assert [file.name for file in tmp_path.iterdir()] == ["notes.json"]


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"[1, 2]", b"\xff\xfe", b"null"])
def test_a_damaged_record_is_an_empty_one(store: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.json").write_bytes(content)
    assert store.load("notes") == {}
    assert store.load("missing") == {}


def test_a_power_cut_while_writing_leaves_the_old_record(store: Any) -> None:
    store.save("notes", {"a": 1})
    with pytest.raises(TypeError):
        store.save("notes", {"a": object()})  # fails half-way, as a cut would
    assert store.load("notes") == {"a": 1}


def test_the_boards_facts(firmware: Load, tmp_path: Path) -> None:
    (tmp_path / "board.json").write_text(json.dumps({"led": {"pin": 2}}))
    assert firmware("hal.board").load(str(tmp_path / "board.json")) == {"led": {"pin": 2}}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ("255.255.255.255", 47800)),
        ("192.168.1.5", ("192.168.1.5", 47800)),
        ("192.168.1.5:5000", ("192.168.1.5", 5000)),
    ],
)
def test_where_the_leader_is(firmware: Load, text: str, address: tuple[str, int]) -> None:
    assert firmware("app.boot")._address(text) == address
