"""The bring-up tests as data: what they refer to exists, and how values are judged."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from pressel.boards.board import board_ids, load_board
from pressel.boards.chip import load_chip
from pressel.bringup.judge import judged
from pressel.bringup.numbers import is_there, number_now
from pressel.bringup.plan import Test, chosen, plan
from pressel.bringup.result import read_result
from pressel.cli import main
from pressel.errors import UsageError

FACTS = {"flash_mib": 8, "chip": "esp32s3", "battery": {"empty_mv": 3300, "full_mv": 4200}}


def test_numbers_are_a_count_and_names_are_their_own() -> None:
    assert sorted(each.number for each in plan()) == list(range(1, len(plan()) + 1))
    assert len({each.id for each in plan()}) == len(plan())


@pytest.mark.parametrize("test", plan(), ids=lambda test: test.id)
def test_what_a_test_confirms_is_there(test: Test) -> None:
    confirmed = [each.number or each.fact for each in test.values] + [test.number_of_answer]
    assert any(confirmed)
    for value in test.values:
        assert not value.number or is_there(value.number), value.number
    assert not test.number_of_answer or is_there(test.number_of_answer)
    ast.parse(test.source())
    if test.ends:
        ast.parse(test.source_after())


@pytest.mark.parametrize("board_id", board_ids())
def test_every_board_has_a_test_for_how_it_sounds(board_id: str) -> None:
    facts = load_board(board_id).facts()
    left = {each.id for each in plan() if not each.left_out(facts)}
    assert {"chip", "tones", "button"} <= left
    assert ("battery" in left) == ("pin" in facts.get("battery", {}))


def test_a_number_is_read_as_it_is_written() -> None:
    assert number_now("firmware/hal/button.py _DEBOUNCE_MS") == "20"
    assert number_now("firmware/hal/button.py class") == ""
    assert number_now("no/such/file.py NAME") == ""


@pytest.mark.parametrize(
    ("test", "told", "wrong"),
    [
        ("chip", {"chip": "esp32s3", "flash_mib": 8, "version": 12900}, []),
        ("chip", {"chip": "esp32", "flash_mib": 8, "version": 12900}, ["chip"]),
        ("chip", {"chip": "esp32s3", "flash_mib": 8}, ["version"]),
        ("battery", {"millivolts": 3300, "spread_mv": 60}, []),
        ("battery", {"millivolts": 4201, "spread_mv": 61}, ["millivolts", "spread_mv"]),
        ("battery", {"millivolts": True, "spread_mv": "60"}, ["millivolts", "spread_mv"]),
        ("power-cut", {"is_whole": False}, ["is_whole"]),
        ("buses", {"missing": ""}, []),
        ("buses", {}, ["missing"]),
    ],
)
def test_values_are_judged(test: str, told: dict, wrong: list[str]) -> None:
    (one,) = chosen((test,), ())
    rows = judged(one, told, FACTS, load_chip("esp32s3"))
    assert [each.key for each in rows if not each.ok] == wrong


def test_an_unknown_test_is_named() -> None:
    with pytest.raises(UsageError, match="'tock' is no test; did you mean 'tick'"):
        chosen(("tock",), ())
    assert [each.id for each in chosen(("tick", "1"), ("5",))] == ["chip"]


@pytest.mark.parametrize(
    "content", ["", "[]", json.dumps({"board": "x", "device": "g" * 12}), '{"format": 2}']
)
def test_a_file_that_is_no_result_is_refused_in_one_sentence(content: str, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(content)
    with pytest.raises(UsageError, match="no bring-up's result"):
        read_result(file)


def test_a_board_is_held_against_what_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = {"number": 1, "outcome": "failed", "values": [
        {"key": "chip", "value": "esp32", "ok": True}, {"key": "flash_mib", "value": 8, "ok": True},
        {"key": "version", "value": 12000, "ok": False}]}  # fmt: skip
    result = {"board": "esp32-devkit", "device": "a0b1c2d3e4f5", "tests": {"chip": done}}
    file = tmp_path / "result.json"
    file.write_text(json.dumps(result))
    assert main(["board", "check", "esp32-devkit", "--measured", str(file)]) == 2
    said = capsys.readouterr().err
    assert "board.toml:4:1: flash_mib: test 1 chip: flash_mib is 8 MiB, expected 4" in said
    assert "warning: test 1 chip: version is 12000, expected at least 12,500; look at" in said
    done["values"][1]["value"] = 4
    file.write_text(json.dumps(result))
    assert main(["board", "check", "esp32-devkit", "--measured", str(file)]) == 0
    assert main(["board", "check", "esp32s3-devkit", "--measured", str(file)]) == 2
    assert "the result is of esp32-devkit" in capsys.readouterr().err
    assert main(["board", "check", "--measured", str(file)]) == 2
