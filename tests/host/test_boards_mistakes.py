"""Every mistake that a board.toml can hold is told with its line, its key and a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.host.board_files import GOOD

from pressel.boards.board import board_file
from pressel.boards.check import Checked, check_file
from pressel.schema.lines import Lines

# What is replaced, by what; then the line of the finding and words of its key and text.
ERRORS = {
    "unknown key": ("flash_mib", "flash_mip", 3, ["flash_mip", "did you mean 'flash_mib'"]),
    "unknown key inside": ("enable =", "enabel =", 17, ["speaker.enabel", "'enable'"]),
    "unknown table": ("[led]", "[lamp]", 24, ["lamp", "known here"]),
    "missing pin": ("sck = 14\n", "", 7, ["microphone.sck", "missing"]),
    "missing name": ('name = "Test board"', "", 1, ["name", "missing"]),
    "name that steers a terminal": ('name = "Test', 'name = "\\u001b[2JTest', 1,
                                    ["name", "cannot be seen"]),
    "name of two lines": ('name = "Test', 'name = "\\nTest', 1, ["name", "line break"]),
    "unseen kind": ('"es8311"', '"es\\u00008311"', 44, ["codec.kind", "cannot be seen"]),
    "missing level": ("active_high = true\n", "", 24, ["led", "active_high"]),
    "missing word select": ("ws = 27\n", "", 7, ["microphone", "ws is missing"]),
    "pin that is a word": ("sck = 14", 'sck = "G14"', 9, ["microphone.sck", "whole number"]),
    "pin that is true": ("sck = 14", "sck = true", 9, ["microphone.sck", "whole number"]),
    "table that is a number": ("[vibration]\npin = 23\nactive_high = true\n",
                               "[vibration.pin]\n", 33, ["vibration.pin", "whole number"]),
    "pin below zero": ("sck = 14", "sck = -1", 9, ["microphone.sck", "out of range"]),
    "pin the chip lacks": ("sck = 14", "sck = 24", 9, ["microphone.sck", "no GPIO24"]),
    "flash pin": ("sck = 14", "sck = 6", 9, ["microphone.sck", "flash"]),
    "input-only pin driven": ("sd = 22", "sd = 36", 16, ["speaker.sd", "input only"]),
    "one pin twice": ("ws = 25", "ws = 14", 15, ["speaker.ws", "taken by microphone.sck"]),
    "half an I2C bus": ("scl = 32\naddress = 0x18", "scl = 33\naddress = 0x18", 45,
                        ["codec.sda", "taken by display.sda"]),
    "one I2S port twice": ("id = 1", "id = 0", 13, ["speaker.id", "same I2S port"]),
    "no such I2S port": ("id = 1", "id = 2", 13, ["speaker.id"]),
    "one port of the C3": ('"esp32"', '"esp32c3"', 13, ["speaker.id", "one I2S port"]),
    "shares two ports": ("flash_mib = 4", "flash_mib = 4\nshares_port = true", 4,
                         ["shares_port", "a port each"]),
    "unknown chip": ('"esp32"', '"esp32s4"', 2, ["chip", "did you mean 'esp32s3'"]),
    "odd flash": ("flash_mib = 4", "flash_mib = 5", 3, ["flash_mib", "2, 4, 8, 16 or 32"]),
    "wrong type": ("active_low = true", 'active_low = "yes"', 20, ["button.active_low"]),
    "level of an rgb light": ("[led]\n", '[led]\nkind = "rgb"\n', 24, ["led", "no level"]),
    "battery on ADC2": ("pin = 34", "pin = 15", 28, ["battery.pin", "ADC2", "32-39"]),
    "battery without ADC": ("pin = 34", "pin = 5", 28, ["battery.pin", "no ADC"]),
    "voltages out of order": ("low_mv = 3500", "low_mv = 4300", 27, ["battery", "rise"]),
    "no divider": ("scale_permille = 2000", "scale_permille = 1000", 29, ["3300", "dies"]),
    "voltage in volts": ("full_mv = 4200", "full_mv = 4", 32, ["battery.full_mv", "range"]),
    "reserved address": ("address = 0x3C", "address = 0x3", 40, ["display.address"]),
    "register too large": ("[0x00, 0x80]", "[0x00, 0x180]", 48, ["codec.registers"]),
    "codec without registers": ('kind = "es8311"', 'kind = "wm8960"', 43, ["codec", "es8311"]),
    "pin held twice": ('[led]', '[[hold]]\npin = 27\nhigh = true\n[led]', 10,
                       ["microphone.ws", "taken by hold"]),
    "half a mask": ('[led]', '[[power]]\naddress = 0x6E\nregisters = [[1, 2]]\n[led]', 26,
                    ["power"]),
    "PSRAM on the pin": ("pin = 23\n", "pin = 16\n", 35, ["vibration.pin", "this board's PSRAM"]),
    "display on the C3": ('"esp32"', '"esp32c3"', 36, ["display", "one I2C bus"]),
    "USB of the C3": ('"esp32"', '"esp32c3"', 22, ["side_button.pin", "USB port", "no such pin"]),
    "register without value": ("[0x00, 0x80]", "[0x00]", 48, ["codec.registers"]),
    "broken TOML": ("[speaker]", "[speaker", 12, ["is no TOML"]),
    "a key twice": ("flash_mib = 4", "flash_mib = 4\nflash_mib = 4", 4, ["is no TOML"]),
}  # fmt: skip

WARNINGS = {
    "flash voltage": ("sck = 14", "sck = 12", 9, ["microphone.sck", "1.8 V"]),
    "boot button": ("pin = 4", "pin = 0", 19, ["button.pin", "loader", "do not hold"]),
    "serial port": ("pin = 23", "pin = 1", 34, ["vibration.pin", "serial"]),
    "PSRAM": ("pin = 23", "pin = 17", 34, ["vibration.pin", "PSRAM"]),
    "a button that is noisy": ("pin = 4", "pin = 36", 19, ["button.pin", "false edges"]),
    "button that starts the loader": ("pin = 4", "pin = 0", 19, ["do not hold the button"]),
    "button without pull-up": ("pin = 4", "pin = 39", 19, ["button.pin", "resistor"]),
    "PDM": ("[microphone]\n", '[microphone]\nkind = "pdm"\n', 8, ["listen but not talk"]),
    "half duplex": ("id = 1", "id = 0", 1, ["shares_port", "half duplex"]),
    "voltage above the ADC": ("scale_permille = 2000", "scale_permille = 1500", 29, ["2800 mV"]),
}


def spoiled(folder: Path, old: str, new: str) -> Checked:
    assert old in GOOD
    file = folder / "board.toml"
    text = GOOD.replace(old, new, 1)
    if "pin = 16\n" in new:  # the module has PSRAM on it
        text = text.replace("flash_mib = 4\n", 'flash_mib = 4\npsram = "quad"\n', 1)
    if "wm8960" in new:
        text = text[: text.index("registers = [")]
    file.write_text(text, "utf-8")
    return check_file(file)


def test_the_good_file_has_nothing_to_say(tmp_path: Path) -> None:
    """But that a classic ESP32 with every part at once finds no room for a release."""
    (only,) = spoiled(tmp_path, "name", "name").findings
    assert only.key == "chip" and "a release over the air would lack" in only.text


@pytest.mark.parametrize("mistake", ERRORS)
def test_an_error_is_told_with_its_line(tmp_path: Path, mistake: str) -> None:
    old, new, line, words = ERRORS[mistake]
    checked = spoiled(tmp_path, old, new)
    assert checked.board is None
    told = [each.at(checked.file) for each in checked.errors()]
    at_line = [each for each in told if each.startswith(f"{checked.file}:{line}:")]
    assert any(all(word in each for word in words) for each in at_line), told


@pytest.mark.parametrize("case", WARNINGS)
def test_a_warning_is_told_and_leaves_the_board_usable(tmp_path: Path, case: str) -> None:
    old, new, line, words = WARNINGS[case]
    if case == "half duplex":
        (tmp_path / "board.toml").write_text(
            "shares_port = true\n" + GOOD.replace(old, new, 1), "utf-8"
        )
        checked = check_file(tmp_path / "board.toml")
    else:
        checked = spoiled(tmp_path, old, new)
    assert checked.board is not None, checked.findings
    told = [f"{each.key} {each.text}" for each in checked.warnings() if each.spot.line == line]
    assert any(all(word in each for word in words) for each in told), checked.findings


@pytest.mark.parametrize(
    ("chip", "pin", "active_low", "is_held"),
    [
        ("esp32", 0, True, True), ("esp32", 0, False, False), ("esp32", 12, False, True),
        ("esp32", 12, True, False), ("esp32", 2, True, False), ("esp32", 1, True, False),
        ("esp32", 16, True, False), ("esp32s3", 35, True, False), ("esp32s3", 45, False, True),
        ("esp32s3", 0, True, True), ("esp32c3", 9, True, True), ("esp32c3", 8, True, False),
    ],
)  # fmt: skip
def test_a_button_is_not_held_where_that_changes_the_start(
    tmp_path: Path, chip: str, pin: int, active_low: bool, is_held: bool
) -> None:
    """A pin that PSRAM or the serial port has is wrong for other reasons."""
    file = tmp_path / "board.toml"
    level = f"active_low = {str(active_low).lower()}"
    text = GOOD.replace("pin = 4\nactive_low = true", f"pin = {pin}\n{level}")
    file.write_text(text.replace('"esp32"', f'"{chip}"'), "utf-8")
    told = [each.text for each in check_file(file).warnings() if each.key == "button.pin"]
    assert any(f"GPIO{pin} is a" in each for each in told)
    assert any("do not hold" in each for each in told) == is_held


def test_all_mistakes_are_told_at_once_in_order(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    text = GOOD.replace("sck = 14", "sck = 6").replace("flash_mib = 4", "flash_mib = 5")
    file.write_text(text.replace("width = 128", 'width = "wide"'), "utf-8")
    assert [each.spot.line for each in check_file(file).errors()] == [3, 9, 41]


def test_lines_of_inline_tables_and_dotted_keys() -> None:
    inline = "a = 1\nled.pin = 2\nbutton = { pin = 0 }\n"
    lines = Lines(inline + '["x"]\ny = [\n  [1, 2],\n  [3, 4],\n]\nz = 1\n')
    assert lines.of(("led", "pin")) == (2, 1)
    assert lines.of(("button", "pin")) == (3, 12)
    assert lines.of(("x", "z")) == (9, 1)
    assert lines.of(("nowhere",)) == (1, 1)


def test_a_single_mistake_is_told_once(tmp_path: Path) -> None:
    assert len(spoiled(tmp_path, "sck = 14", "sck = 99").errors()) == 1


def test_a_chip_with_a_caution_is_warned_about() -> None:
    told = check_file(board_file("esp32c3-devkit")).warnings()
    assert any(each.key == "chip" and "I2S" in each.text for each in told)


def test_a_part_for_which_the_chip_has_no_memory_is_told(tmp_path: Path) -> None:
    """E-paper takes more than a classic ESP32 has left; on an S3 nothing is said."""
    file = tmp_path / "board.toml"
    display = GOOD[GOOD.index("[display]") : GOOD.index("[codec]")]
    pins = "sck = 16\nmosi = 17\ncs = 33\ndc = 2\nreset = 15\nbusy = 36\n"
    file.write_text(GOOD.replace(display, f'[epaper]\nkind = "ssd1681"\n{pins}'))
    told = [each.text for each in check_file(file).warnings() if each.key == "epaper"]
    assert told == [
        "this chip has no memory for it, and the badge goes without; an ESP32-S3 has enough"
    ]
    known = check_file(board_file("waveshare-epaper-154"))
    assert not [each for each in known.warnings() if each.key == "epaper"]
