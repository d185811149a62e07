"""Settings that a badge could not use are refused, and those that it can reach it byte by byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.flash.bench import flash_bytes, make_order

from pressel import cli
from pressel.emulator.badge import EmulatedBadge
from pressel.flash.contents import take_out
from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.flash.power import Power
from pressel.flash.provision import Change, _lack, provision_badge
from pressel.flash.usable_settings import checked_leader, checked_wifi

CHIP = "esp32"
PIZZA = "🍕"  # beyond U+FFFF: JSON escapes it as two halves, which MicroPython does not join


def _nothing(stage: str, share: float) -> None: ...


def _config(flash: Path, folder: Path) -> bytes:
    assert take_out(flash.read_bytes(), CHIP, folder)
    return (folder / "config.json").read_bytes()


def test_row_1_what_a_badge_reads_is_utf_8(tmp_path: Path) -> None:
    """By flash and by provision, in name, network and password."""
    flash = tmp_path / "flash"
    wifi = (f"Bar {PIZZA}", f"secret {PIZZA}")
    with EmulatedBadge(CHIP, flash, flash_bytes(CHIP)) as badge:
        order = make_order(tmp_path, CHIP, name=PIZZA * 8, wifi=wifi)
        assert flash_badge(badge.port, order, None, _nothing).name == PIZZA * 8
    written = _config(flash, tmp_path / "taken")
    assert written.count(b"\xf0\x9f\x8d\x95") == 10 and b"\\u" not in written
    with EmulatedBadge(CHIP, flash, flash_bytes(CHIP)) as badge:
        provision_badge(badge.port, Change((f"Hall {PIZZA}", wifi[1])), None, _nothing)
    written = _config(flash, tmp_path / "taken")
    assert f"Hall {PIZZA}".encode() in written and b"\\u" not in written


@pytest.mark.parametrize(
    ("ssid", "password"),
    [
        ("a", ""),
        ("n" * 32, "p" * 8),
        (PIZZA * 8, "p" * 63),
        ("Bar  1 ", "0123456789abcdefABCDEF" + "0" * 42),
        ("Café", "pässwör"),  # 7 letters, 9 bytes
    ],
)
def test_networks_that_there_are(ssid: str, password: str) -> None:
    assert checked_wifi(ssid, password) == (ssid, password)


@pytest.mark.parametrize(
    ("ssid", "password", "code", "said"),
    [
        ("", "secret12", "wifi-name", "0 bytes long"),
        ("n" * 33, "secret12", "wifi-name", "33 bytes long, and 32 are the most"),
        (PIZZA * 9, "secret12", "wifi-name", "36 bytes"),
        ("ü" * 17, "secret12", "wifi-name", "34 bytes"),
        ("a\x00b", "secret12", "wifi-name", "cannot be seen"),
        ("a\x1b[2Jb", "secret12", "wifi-name", "cannot be seen"),
        ("a\udce9b", "secret12", "wifi-name", "not in UTF-8"),
        ("venue", "1234567", "wifi-password", "7 bytes long"),
        ("venue", "p" * 64, "wifi-password", "64 bytes long"),
        ("venue", "f" * 65, "wifi-password", "65 bytes long"),
        ("venue", PIZZA * 16, "wifi-password", "64 bytes long"),
        ("venue", "secret\n1", "wifi-password", "cannot be seen"),
    ],
)
def test_row_11_networks_that_cannot_be(ssid: str, password: str, code: str, said: str) -> None:
    with pytest.raises(FlashError) as caught:
        checked_wifi(ssid, password)
    assert caught.value.code == code and said in str(caught.value)
    assert str(caught.value).isprintable()
    assert password not in str(caught.value) or password == ""


@pytest.mark.parametrize(
    "leader",
    [
        "leader.local", "venue", "10.0.0", "10.0.0.256", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:x",
        "10.0.0.1:65536", "10.0.0.1:1:2", "[::1]:47800", "::1", "0.0.0.0", "224.0.0.1", " 10.0.0.1",
        "10.0.0.1:٣", "010.0.0.1", "10.0.0.1:" + "9" * 5000,
    ],
)  # fmt: skip
def test_a_leader_that_a_badge_cannot_reach(leader: str) -> None:
    with pytest.raises(FlashError) as caught:
        checked_leader(leader)
    assert caught.value.code == "leader-address"


@pytest.mark.parametrize("leader", ["", "10.0.0.1", "192.168.1.5:47800", "255.255.255.255"])
def test_a_leader_that_it_can_reach(leader: str) -> None:
    assert checked_leader(leader) == leader


@pytest.mark.parametrize("command", ["flash", "provision"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--wifi", "n" * 33), "33 bytes"),
        (("--wifi", "venue", "--wifi-password", "short"), "5 bytes"),
        (("--wifi", "venue", "--leader", "leader.local"), "badges look up no names"),
    ],
)
def test_nothing_is_touched_by_a_command_that_cannot_be(
    command: str, words: tuple[str, ...], said: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("PRESSEL_WIFI_PASSWORD", "long enough")
    board = ("--board", "esp32-devkit") if command == "flash" else ()
    state = ("--state", str(tmp_path / "leader"))
    assert cli.main([command, "--port", "/dev/none", *board, *state, *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "leader").exists()


def test_no_badge_is_made_whose_speech_would_break_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused before anything is built: no known board is so narrow, one that a venue adds may."""
    monkeypatch.setenv("PRESSEL_WIFI_PASSWORD", "long enough")
    monkeypatch.setattr("pressel.cli.flash.speech_lacks", lambda *_: 1023)
    words = ("flash", "--port", "/dev/none", "--board", "esp32-devkit", "--wifi", "venue")
    assert cli.main([*words, "--power-save"]) == 1
    said = capsys.readouterr().err
    assert "with --power-save a badge of this board would lack about 1,023 bytes" in said


def test_a_venue_chooses_how_its_badges_save_power(tmp_path: Path) -> None:
    """When it is flashed, and later; what is not named stays, and what is off is not there."""
    flash = tmp_path / "flash"

    def config() -> dict[str, Any]:
        found = json.loads(_config(flash, tmp_path / "taken"))
        return {name: found.get(name) for name in ("sleep", "off_duty_after_s", "leader")}

    def provision(power: Power) -> None:
        with EmulatedBadge(CHIP, flash, flash_bytes(CHIP)) as badge:
            provision_badge(badge.port, Change(power=power), None, _nothing)

    with EmulatedBadge(CHIP, flash, flash_bytes(CHIP)) as badge:
        order = make_order(tmp_path, CHIP, power=Power(off_duty_min=90), leader="10.0.0.1")
        flash_badge(badge.port, order, None, _nothing)
    kept = {"off_duty_after_s": 5400, "leader": "10.0.0.1"}
    assert config() == {"sleep": None, **kept}
    provision(Power(saves=True))
    assert config() == {"sleep": True, **kept}
    provision(Power(saves=False, off_duty_min=0))
    assert config() == {"sleep": None, "off_duty_after_s": None, "leader": "10.0.0.1"}


def test_a_badge_that_would_have_too_little_memory_is_told_from_what_it_holds() -> None:
    """Its own board, packing and settings; of a chip that we do not know nothing is said."""
    some = {"chip": "esp32", "display": {}, "side_button": {}}
    board = {**some, "battery": {}}
    saving = {"sleep": True, "off_duty_after_s": 60}
    with pytest.raises(FlashError, match="leave out --power-save and --off-duty-after, or take"):
        _lack(board, {"slot": "a"}, saving)
    assert "by cable" in _lack(some, {"slot": "b"}, saving)
    assert _lack({"chip": "esp32"}, {}, saving) == ""
    for odd in ({"chip": "esp32s4"}, {"chip": ["esp32"]}, {"chip": None}, {}):
        assert _lack({**board, "chip": None, **odd}, {}, saving) == ""
    assert _lack({"chip": "esp32", "display": {}}, {"slot": "/rom"}, saving) == ""


@pytest.mark.parametrize("minutes", ["-1", "1441", "soon", "1.5"])
def test_times_that_cannot_be_meant_are_refused(
    minutes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["provision", "/dev/none", "--off-duty-after", minutes]) == 2
    assert "--off-duty-after" in capsys.readouterr().err
