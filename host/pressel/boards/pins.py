"""Checks that the pins of a board go together and fit its chip.

It works on the raw tables of board.toml and skips what is not a number, so that mistakes in pins
are told together with mistakes in keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pressel.schema.finding import Severity

from .chip import Chip, in_words, is_in

Say = Callable[[str, str, Severity], None]  # key, text, severity

# Function and how the chip uses the pin.
FUNCTIONS = {
    "microphone.sck": "driven", "microphone.ws": "driven", "microphone.sd": "read",
    "speaker.sck": "driven", "speaker.ws": "driven", "speaker.sd": "driven",
    "speaker.enable": "driven", "button.pin": "button", "side_button.pin": "button",
    "led.pin": "driven", "battery.pin": "adc", "vibration.pin": "driven",
    "display.sda": "driven", "display.scl": "driven", "codec.sda": "driven", "codec.scl": "driven",
    "epaper.sck": "driven", "epaper.mosi": "driven", "epaper.cs": "driven",
    "epaper.dc": "driven", "epaper.reset": "driven", "epaper.busy": "read",
}  # fmt: skip

_CLOCKS = {"microphone.sck", "microphone.ws", "speaker.sck", "speaker.ws"}
_BUSES = ({"display.sda", "codec.sda"}, {"display.scl", "codec.scl"})
_DISPLAY_BUS = 1  # as firmware/hal/display.py has it
_LEVEL_MAX_MV = 3300  # the supply of every chip here; a pin dies above it


def get(data: dict[str, Any], key: str) -> Any:
    """`microphone.sck` in nested tables, or None."""
    for part in key.split("."):
        data = data.get(part) if isinstance(data, dict) else None  # pyright: ignore[reportAssignmentType]
    return data


def _int(data: dict[str, Any], key: str) -> int | None:
    value = get(data, key)
    return value if type(value) is int else None


def _held_pins(data: dict[str, Any]) -> list[int]:
    holds = data.get("hold")
    if not isinstance(holds, list):
        return []
    pins = (each.get("pin") for each in holds if isinstance(each, dict))
    return [pin for pin in pins if type(pin) is int]


def used_pins(data: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Every pin in use as (function, use, GPIO)."""
    for pin in _held_pins(data):
        yield "hold", "driven", pin
    for function, use in FUNCTIONS.items():
        gpio = _int(data, function)
        if gpio is not None and gpio >= 0:
            yield function, use, gpio


def check_pins(data: dict[str, Any], chip: Chip, say: Say) -> None:
    """Say what is wrong with the pins, ports and voltages of `data` on `chip`."""
    if chip.caution:
        say("chip", chip.caution, "warning")
    taken: dict[int, str] = {}
    for function, use, gpio in used_pins(data):
        _fits(function, use, gpio, data, chip, say)
        other = taken.setdefault(gpio, function)
        if other != function and not _may_share(data, function, other):
            text = f"GPIO{gpio} is taken by {other} already; move one of the two to a free pin"
            say(function, text, "error")
    _check_ports(data, chip, say)
    _check_voltage(data, chip, say)


def _fits(function: str, use: str, gpio: int, data: dict[str, Any], chip: Chip, say: Say) -> None:
    if not is_in(gpio, chip.gpios):
        words = in_words(chip.gpios)
        say(function, f"the {chip.name} has no GPIO{gpio}; it has {words}", "error")
        return
    for refused in chip.refused:
        if is_in(gpio, refused.gpios):
            say(function, f"GPIO{gpio} cannot be used: {refused.reason}; take another", "error")
            return
    is_input_only = is_in(gpio, chip.input_only)
    if use == "driven" and is_input_only:
        text = f"GPIO{gpio} of the {chip.name} is input only and this pin is driven; take another"
        say(function, text, "error")
    if use == "adc" and not is_in(gpio, chip.adc1):
        _refuse_adc(function, gpio, chip, say)
    if use == "button" and is_input_only:
        text = f"GPIO{gpio} has no pull resistor inside; the board must have one, about 10 kohm"
        say(function, text, "warning")
    for careful in chip.careful:
        if is_in(gpio, careful.gpios) and (not careful.uses or use in careful.uses):
            if careful.psram and data.get("psram"):
                if data["psram"] in careful.psram:
                    text = f"GPIO{gpio} cannot be used: this board's PSRAM is on it; take another"
                    say(function, text, "error")
                continue
            text = f"GPIO{gpio} is a {careful.kind} pin: {careful.reason}"
            if use == "button" and careful.wrong_level == _held(function, data):
                text += "; do not hold the button while the badge starts"
            say(function, text, "warning")


def _held(function: str, data: dict[str, Any]) -> str:
    """The level of a button's pin while it is pressed."""
    return "low" if get(data, f"{function.split('.')[0]}.active_low") is True else "high"


def _refuse_adc(function: str, gpio: int, chip: Chip, say: Say) -> None:
    why = "belongs to ADC2, which Wi-Fi occupies" if is_in(gpio, chip.adc2) else "has no ADC"
    say(function, f"GPIO{gpio} {why}; take one of {in_words(chip.adc1)}", "error")


def _may_share(data: dict[str, Any], function: str, other: str) -> bool:
    """Clocks of one I2S bus used in turn, and the wires of one I2C bus."""
    both = {function, other}
    if both <= _CLOCKS:
        return get(data, "shares_port") is True and function.split(".")[0] != other.split(".")[0]
    same_bus = all(
        _int(data, f"display.{wire}") == _int(data, f"codec.{wire}") for wire in ("sda", "scl")
    )
    return both in _BUSES and same_bus


def _check_ports(data: dict[str, Any], chip: Chip, say: Say) -> None:
    ids = {key: _int(data, f"{key}.id") for key in ("microphone", "speaker")}
    for key, port in ids.items():
        if port is not None and port >= chip.i2s_ports:
            has = "one I2S port, 0" if chip.i2s_ports == 1 else "the I2S ports 0 and 1"
            more = "; use it for both and set shares_port = true" if chip.i2s_ports == 1 else ""
            say(f"{key}.id", f"the {chip.name} has {has}{more}", "error")
    if get(data, "display") and chip.i2c_buses < _DISPLAY_BUS + 1:
        text = (
            f"the {chip.name} has one I2C bus, and this firmware drives a display on a second one"
        )
        say("display", text, "error")
    shares = get(data, "shares_port") is True
    known = None not in ids.values()
    if known and ids["microphone"] == ids["speaker"] and not shares:
        other = (
            "set shares_port = true"
            if chip.i2s_ports == 1
            else ("give it the other port, or set shares_port = true")
        )
        text = f"microphone.id and speaker.id are the same I2S port; {other} to use it in turn"
        say("speaker.id", text, "error")
    if known and ids["microphone"] != ids["speaker"] and shares:
        text = "microphone and speaker have a port each; remove this line, or give both one id"
        say("shares_port", text, "error")
    if get(data, "microphone.kind") == "pdm":
        text = "stock MicroPython cannot read a PDM microphone: this board can listen but not talk"
        say("microphone.kind", text, "warning")
    elif shares:
        text = (
            "half duplex: it hears nothing while it talks, and the microphone restarts at each "
            "press (an INMP441 takes 256 ms)"
        )
        say("shares_port", text, "warning")


def _check_voltage(data: dict[str, Any], chip: Chip, say: Say) -> None:
    full_mv, scale = _int(data, "battery.full_mv"), _int(data, "battery.scale_permille")
    if full_mv is None or not scale or scale < 0:
        return
    pin_mv = full_mv * 1000 // scale
    if pin_mv > _LEVEL_MAX_MV:
        text = (
            f"a full battery puts {pin_mv} mV on the pin, which dies above 3300; "
            "use a larger divider"
        )
        say("battery.scale_permille", text, "error")
    elif pin_mv > chip.adc_max_mv:
        text = (
            f"a full battery puts {pin_mv} mV on the pin; the {chip.name} measures well only up "
            f"to {chip.adc_max_mv}; use a larger divider"
        )
        say("battery.scale_permille", text, "warning")
