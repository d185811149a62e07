"""The wrappers of native code refuse buffers that are too short: viper checks none."""

from __future__ import annotations

import sys
import types
from array import array
from collections.abc import Iterator
from importlib import import_module

import pytest

from ptt.media import dsp

from . import signals


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.SimpleNamespace]:
    """What the package's modules have, on CPython, where viper functions only fail."""

    def viper(function: object) -> object:
        def reached(*_: object) -> None:
            raise AssertionError("native code was called")

        return reached

    pointers = types.SimpleNamespace(const=int, viper=viper, ptr8=int, ptr16=int, ptr32=int)
    monkeypatch.setitem(sys.modules, "micropython", pointers)  # pyright: ignore[reportArgumentType]
    monkeypatch.syspath_prepend(str(signals.ROOT / "firmware"))
    monkeypatch.setattr("builtins.ptr8", int, raising=False)
    monkeypatch.setattr("builtins.ptr16", int, raising=False)
    monkeypatch.setattr("builtins.ptr32", int, raising=False)
    made = types.SimpleNamespace()
    for part in ("g722", "ima", "microphone", "octets", "samples", "shaped"):
        vars(made).update(vars(import_module(f"native.{part}")))
    yield made
    for name in [name for name in sys.modules if name.split(".")[0] == "native"]:
        del sys.modules[name]


FRAME, SHORT = array("h", bytes(640)), array("h", bytes(638))
IMA = array("i", [0] * dsp.IMA_STATE_INTS)
WIDE = array("h", bytes(2 * dsp.G722_STATE_SHORTS))
BYTES = bytearray(170)
REFUSED = [
    ("high_pass", (array("i", [0] * 11), FRAME)),
    ("high_pass", (array("i", [0] * 12), SHORT)),
    ("amplify", (SHORT, 4096, 4096, 8)),
    ("hiss", (array("i", (1,)), FRAME, 100)),
    ("hiss", (array("i", (1, 0)), SHORT, 100)),
    ("ima_encode", (IMA, SHORT, BYTES, 0)),
    ("ima_encode", (IMA, FRAME, BYTES, 7)),
    ("ima_encode", (IMA, FRAME, BYTES, -1)),
    ("ima_encode", (IMA[:1], FRAME, BYTES, 0)),
    ("ima_decode", (BYTES, 7, FRAME)),
    ("ima_decode", (BYTES, -1, FRAME)),
    ("ima_decode", (BYTES, 0, SHORT)),
    ("ima_encode_shaped", (IMA[:17], FRAME, BYTES, 0)),
    ("ima_encode_shaped", (IMA, SHORT, BYTES, 0)),
    ("ima_encode_shaped", (IMA, FRAME, BYTES, 7)),
    ("ima_encode_shaped", (IMA, FRAME, BYTES, -1)),
    ("g722_encode", (WIDE[:-1], FRAME, BYTES, 0)),
    ("g722_encode", (WIDE, SHORT, BYTES, 0)),
    ("g722_encode", (WIDE, FRAME, BYTES, 11)),
    ("g722_decode", (WIDE, BYTES, 11, FRAME)),
    ("g722_decode", (WIDE, BYTES, -1, FRAME)),
    ("g722_decode", (WIDE, BYTES, 0, SHORT)),
    ("mix_tone", (array("i"), FRAME, 1, 1)),
    ("slip", (FRAME, 321, array("h", bytes(800)), 320)),
    ("slip", (FRAME, 320, FRAME, 321)),
    ("slip", (FRAME, 320, FRAME, 1)),
    ("copy", (BYTES, 10, bytes(200), 0, 161)),
    ("copy", (BYTES, 0, bytes(9), 0, 10)),
    ("copy", (BYTES, -1, bytes(9), 0, 1)),
    ("copy", (BYTES, 0, bytes(9), 0, -1)),
    ("xor", (BYTES, 10, bytes(200), 0, 161)),
    ("xor", (BYTES, 0, bytes(9), 5, 5)),
    ("xor", (BYTES, 0, bytes(9), -1, 1)),
]


def test_every_function_is_there(native: types.SimpleNamespace) -> None:
    assert set(dsp.NAMES) <= set(vars(native))


@pytest.mark.parametrize(("name", "arguments"), REFUSED)
def test_short_buffers_are_refused(
    native: types.SimpleNamespace, name: str, arguments: tuple[object, ...]
) -> None:
    with pytest.raises(IndexError):
        getattr(native, name)(*arguments)
