"""The firmware's modules on CPython, with stand-ins for the modules that only MicroPython has."""

from __future__ import annotations

import importlib
import sys
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


@pytest.fixture
def firmware(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Imports a module of the firmware by name, such as `hal.button`."""
    poll = module("select", poll=hardware.Poll, POLLIN=1, POLLOUT=4)
    stand_ins = (
        module("machine", Pin=hardware.Pin, I2S=hardware.I2S),
        module("micropython", const=lambda value: value),
        module("network", WLAN=hardware.Wlan, STA_IF=0),
    )
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
