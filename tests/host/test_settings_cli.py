"""What `pressel settings` says of values that groups have of their own, without a host."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pressel import cli
from pressel.cli import settings_files, settings_show, settings_whose
from pressel.cli.settings_state import State
from pressel.errors import UnreachableError
from pressel.registry.device import Device, Entitlements
from pressel.schema.setting_values import differences
from pressel.schema.settings import settings
from pressel.schema.settings_file import render

DELAY, TALK = "audio.playout_delay_ms", "floor.talk_ms"
DEFAULTS = {name: row.default for name, row in settings().items()}
NOW = {**DEFAULTS, TALK: 90_000, f"{TALK}@2": 5000, f"{DELAY}@1": 90}
BADGES = (("00000000000000a1", "Ann", (1,)), ("00000000000000b2", "Ben", (1, 2)))


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(version=4, hash="0123456789ab", values=NOW, badges=2, applied=2, refused=0)
    monkeypatch.setattr(settings_show, "ask", lambda path: state)
    changed = {"version": 4, "time_s": 0, "who": "ann", "host": "ab" * 32, "why": "rush"}
    told = [{**changed, "was": {f"{TALK}@2": None}, "now": NOW}]
    monkeypatch.setattr(settings_show.sockets, "ask", lambda path, verb, **fields: told)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = cli.main(["settings", *words, "--control", "/nowhere"])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_list_has_the_groups_below_the_venue(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "list", "--changed")
    assert code == 0 and "in group 2" in text and "5000 ms" in text
    assert "Version 4 (0123456789ab), applied by 2 of 2 badges" in text


def test_a_list_names_what_a_leader_of_a_former_version_does_not_know(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = settings_show.ask(Path())
    monkeypatch.delitem(state.values, "power.battery_low_percent")
    for words in ((), ("--changed",)):
        code, text = said(capsys, "list", *words)
        assert code == 0 and "talk_ms" in text and "Version 4 (0123456789ab)" in text
        assert "the leader does not know power.battery_low_percent yet; update it" in text
    code, text = said(capsys, "list", "--json")
    rows = {row["setting"]: row for row in json.loads(text)["settings"]}
    assert rows["power.battery_low_percent"]["value"] is None and rows[TALK]["value"] == 90_000
    code, text = said(capsys, "get", "power.battery_low_percent")
    assert code == 1 and "the leader does not know power.battery_low_percent yet" in text


@pytest.mark.parametrize(
    ("group", "value", "words"),
    [("1", "90000 ms", ", the venue's"), ("2", "5000 ms", ", of its own")],
)
def test_what_holds_in_a_group(
    capsys: pytest.CaptureFixture[str], group: str, value: str, words: str
) -> None:
    code, text = said(capsys, "get", "talk_ms", "--at", group)
    assert code == 0 and text.startswith(f"{value}\n{TALK}{words}")


def test_who_has_no_value_of_its_own_is_told_who_has(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "set", "gain=off", "--at", "2")
    assert code == 2 and "no talk group has a value of audio.gain of its own: the venue" in text
    code, text = said(capsys, "get", "talk_ms", "--at", "128")
    assert code == 2 and "128 is no talk group; they go from 1 to 127" in text


def test_a_badge_has_its_own_else_the_highest_of_its_groups(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    roll = [
        Device(each, name, groups, Entitlements(), "active", 1, 0, 0)
        for each, name, groups in BADGES
    ]
    asked = nullcontext(SimpleNamespace(devices=lambda: roll, boards=dict))
    monkeypatch.setattr(settings_whose, "DeskRoll", lambda path, notice: asked)
    now = settings_show.ask(Path())
    now.values[f"{DELAY}@{roll[0].id}"] = 40
    for name, value, source in (
        ("Ann", "40 ms", "of its own"),
        ("ben", "90 ms", "that of group 1"),
    ):
        code, text = said(capsys, "get", DELAY, "--at", name)
        assert code == 0 and text.startswith(f"{value}\n{DELAY}, {source}: ")
    code, text = said(capsys, "list", "--changed")
    assert "  at badge Ann (00000000000000a1)" in text
    code, text = said(capsys, "explain", DELAY, "--at", "Ann")
    assert "scope    the venue, talk groups, boards and badges have values; that of the" in text
    assert text.endswith("holds    40 ms at badge Ann (00000000000000a1), of its own\n")
    code, text = said(capsys, "set", "talk_ms=9000", "--at", "Ann")
    assert code == 2 and "no badge has a value of floor.talk_ms of its own" in text
    code, text = said(capsys, "get", DELAY, "--at", "Cyd")
    assert code == 2 and "no device is called 'Cyd'" in text


def test_a_badge_has_that_of_its_board_where_its_groups_have_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a group with its own that one's holds, and of several the highest."""
    roll = [
        Device(f"{number:016x}", f"B{number}", groups, Entitlements(), "active", 1, 0, 0)
        for number, groups in enumerate(((2,), (1,), (1, 2), (2,)))
    ]
    roll.append(replace(roll[3], id="e" * 16, name="c3"))
    boards = {each.id: "c3" for each in roll[:3]}
    asked = nullcontext(SimpleNamespace(devices=lambda: roll, boards=lambda: boards))
    monkeypatch.setattr(settings_whose, "DeskRoll", lambda path, notice: asked)
    monkeypatch.setitem(NOW, f"{DELAY}@c3", 100)
    monkeypatch.setattr(settings_show.ask(Path()), "values", NOW)
    for name, value, source in (
        ("B0", "100 ms", "that of the board c3"),
        ("B1", "90 ms", "that of group 1"),
        ("B2", "100 ms", "that of the board c3"),
        ("B3", "60 ms", "the venue's"),
        ("ESP32-devkit", "60 ms", "the venue's"),
    ):
        code, text = said(capsys, "get", DELAY, "--at", name)
        assert code == 0 and text.startswith(f"{value}\n{DELAY}, {source}: "), (name, text)
    code, text = said(capsys, "get", DELAY, "--at", "c3")
    assert code == 2 and "'c3' is a board, and the badge eeeeeeeeeeeeeeee is called so, too" in text
    roll.pop()
    code, text = said(capsys, "get", DELAY, "--at", "c3")
    assert code == 0 and text.startswith(f"100 ms\n{DELAY}, of its own: ")
    code, text = said(capsys, "explain", DELAY, "--at", "B0")
    assert "now      100 ms on board c3" in text
    assert text.endswith("holds    100 ms at badge 0000000000000000, that of the board c3\n")
    code, text = said(capsys, "set", "talk_ms=9000", "--at", "c3")
    assert code == 2 and "no board has a value of floor.talk_ms of its own" in text


def test_no_group_has_what_is_the_venue_s(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("get", "packet_frames"), ("set", "packet_frames=1")):
        code, text = said(capsys, *words, "--at", "2")
        assert code == 2 and "has one value for the whole venue" in text


def test_an_explanation_tells_who_gave_a_group_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "explain", "talk_ms")
    assert code == 0 and "now      90000 ms\n" in text
    assert "now      5000 ms in group 2, since " in text and text.endswith("by ann: rush\n")


def test_the_history_is_of_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = json.loads(said(capsys, "history", "talk_ms", "--json")[1])
    assert told["changed"] == {f"{TALK}@2": [None, 5000]}


def different(file: Path, text: str) -> dict[str, Any]:
    file.write_text(text, "utf-8")
    return differences(*settings_show.compared(Path(), str(file)))


def test_a_file_is_compared_by_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    assert different(file, render(NOW, 4)) == {}
    assert different(file, "[floor]\ntalk_ms = 90000\n") == {}  # of groups it says nothing
    assert different(file, "[at.1.audio]\nplayout_delay_ms = 80\n") == {f"{DELAY}@1": (80, 90)}
    gone = '[at.2.floor]\ntalk_ms = "venue"\n'
    assert different(file, gone) == {f"{TALK}@2": (None, 5000)}
    assert differences(*settings_show.compared(Path(), None)).keys() == {
        TALK, f"{TALK}@2", f"{DELAY}@1",
    }  # fmt: skip


def test_a_board_that_nobody_knows_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake where a host knows the venue's boards, and a warning where none is there."""
    file = tmp_path / "settings.toml"
    file.write_text('[at.esp32-devkti.audio]\ngain = "off"\n[at.ours.audio]\ngain = "off"\n')
    roll = SimpleNamespace(boards=lambda: {"00000000000000a1": "ours"})
    monkeypatch.setattr(settings_whose, "DeskRoll", lambda path, notice: nullcontext(roll))
    wrong = f"{file}:1:1: at.esp32-devkti: no board is called 'esp32-devkti'; did you mean 'esp32-"
    code, text = said(capsys, "check", str(file))
    assert code == 2 and wrong in text and "'ours'" not in text
    file.write_text(file.read_text().replace("devkti", "devkit"))
    assert said(capsys, "check", str(file)) == (0, f"{file}: 2 settings, no mistake\n")

    def nobody(*place: object) -> None:
        raise UnreachableError("no host")

    monkeypatch.setattr(settings_files.sockets, "find", nobody)
    code, text = said(capsys, "check", str(file))
    assert code == 0 and f"{file}:3:1: at.ours: no board is called 'ours'" in text
    assert "(no host was there to ask)" in text and "2 settings, no mistake" in text


def test_the_status_tells_which_host_has_mended_its_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = settings_show.ask(Path()).model_dump()
    mended = [
        {"host": "", "time_s": 0, "why": "/x/settings.json was gone"},
        {"host": "bar", "time_s": 9, "why": "/y/settings.json held version 3"},
    ]
    for more, count in (({"mended": mended}, 2), ({}, 0)):  # a former leader tells none
        told = {**state, "members": [], **more}
        monkeypatch.setattr(settings_show.sockets, "ask", lambda path, verb, told=told: told)
        code, text = said(capsys, "status")
        assert code == 0 and text.count("has written the settings to its disk again") == count
    assert "bar has written" not in text
