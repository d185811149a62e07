"""The firmware's modules on CPython, with stand-ins for the modules that only MicroPython has."""

from __future__ import annotations

import gc
import importlib
import io
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.firmware import hardware

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"

Load = Callable[[str], Any]


def module(name: str, **content: Any) -> types.ModuleType:
    made = types.ModuleType(name)
    vars(made).update(content)
    return made


def print_exception(error: BaseException, file: io.StringIO | None = None) -> None:
    traceback.print_exception(error, file=file)


@pytest.fixture
def firmware(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Imports a module of the firmware by name, such as `hal.button`."""
    poll = module("select", poll=hardware.Poll, POLLIN=1, POLLOUT=4)
    chip = hardware.Machine
    stand_ins = (
        module(
            "machine",
            Pin=hardware.Pin,
            I2S=hardware.I2S,
            ADC=hardware.Adc,
            I2C=hardware.I2C,
            SPI=hardware.Spi,
            WDT=hardware.Wdt,
            RTC=hardware.Rtc,
            PWRON_RESET=chip.PWRON_RESET,
            freq=chip.freq,
            reset=chip.reset,
            reset_cause=chip.reset_cause,
            unique_id=chip.unique_id,
            lightsleep=chip.lightsleep,
        ),
        module("micropython", const=lambda value: value),
        module("network", WLAN=hardware.Wlan, STA_IF=0),
        module("esp32", NVS=hardware.NVS),
        module("cryptolib", aes=hardware.Aes),
        module("neopixel", NeoPixel=hardware.NeoPixel),
        module("framebuf", FrameBuffer=hardware.FrameBuffer, MONO_VLSB=0, MONO_HLSB=3),
    )
    monkeypatch.setitem(sys.modules, "native", None)  # machine code of another chip
    for kept in (
        hardware.NVS.kept, hardware.I2C.written, hardware.NeoPixel.shown, hardware.Spi.written,
        hardware.FrameBuffer.rectangles,
    ):  # fmt: skip
        kept.clear()
    chip.naps_ms.clear()
    chip.cause = chip.PWRON_RESET
    hardware.Rtc.kept = b""
    # MicroPython's own words in modules that CPython has too.
    monkeypatch.setattr(gc, "mem_free", lambda: 12345, raising=False)
    monkeypatch.setattr(gc, "collect", lambda: None)  # of all that pytest has, 0.3 s each time
    monkeypatch.setattr(sys, "print_exception", print_exception, raising=False)
    monkeypatch.setattr(time, "sleep_ms", hardware.Machine.lightsleep, raising=False)
    monkeypatch.setattr(time, "ticks_ms", lambda: 1000, raising=False)
    for stand_in in stand_ins:
        monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    monkeypatch.syspath_prepend(FIRMWARE)

    def load(name: str) -> Any:
        loaded = importlib.import_module(name)
        # CPython has modules of these names, too, which others in this process need as they are.
        if hasattr(loaded, "select"):
            monkeypatch.setattr(loaded, "select", poll)
        if hasattr(loaded, "socket"):
            monkeypatch.setattr(loaded, "socket", hardware.SocketModule())
        return loaded

    yield load
    for name in list(sys.modules):
        if name.partition(".")[0] in ("hal", "app"):
            del sys.modules[name]
