"""The serial port: what is logged there holds no badge up, and a stray byte does not stop it."""

from __future__ import annotations

import io
import json
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import Load

from ptt.base import events, words
from ptt.base.numbers import NAME_BYTES_MAX, TEXT_BYTES_MAX

TAKEN_AT_ONCE_BYTES = 128
BYTES_A_MS = 11  # 115,200 bauds
TICK_MS = 10
MICROPHONE_KEEPS_MS = 48
CTRL_C = b"\x03"


class Port:
    """Takes `stall_ms` for a line, as a USB port does that nobody reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = 1000
        self.stall_ms = 0
        self.lines: list[str] = []
        monkeypatch.setattr(time, "ticks_ms", lambda: self.now_ms)
        monkeypatch.setattr(sys, "stdout", self)

    def write(self, text: str) -> int:
        if text.strip():
            self.lines.append(json.loads(text)["event"])
            self.now_ms += self.stall_ms
        return len(text)


def test_a_port_that_nobody_reads_holds_up_one_line_and_not_the_next(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = firmware("app.log")
    port = Port(monkeypatch)
    log.write(0, "press")
    port.stall_ms = 500
    for event in ("granted", "release", "released"):
        log.write(0, event)
    assert port.lines == ["press", "granted"]
    log.write(0, "health")  # once a minute, while nobody talks
    log.write(0, "press")
    assert port.lines == ["press", "granted", "health"]
    port.stall_ms = 0
    log.write(0, "health")
    log.write(0, "press")  # somebody reads again
    assert port.lines[3:] == ["health", "press"]


def test_a_serial_port_is_not_taken_for_one_that_nobody_reads(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = Port(monkeypatch)
    port.stall_ms = 60 + TICK_MS  # a crash of 500 characters, each of them escaped or not
    for _ in range(3):
        firmware("app.log").write(0, "crash")
    assert len(port.lines) == 3


def test_the_longest_line_is_out_before_the_microphone_overflows(
    firmware: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each character of a text may be one that JSON escapes; control characters come in none."""
    handset = firmware("app.handset")
    log = firmware("app.log")
    most = (1 << 30) - 1
    values: dict[int, object] = {
        events.TEXT: (most, most, b'"' * NAME_BYTES_MAX, b'"' * TEXT_BYTES_MAX),
        events.HEARD: (most,) * 7,
    }
    for kind in range(len(events.WORDS.split())):
        value = handset._readable((kind, values.get(kind, (most,) * 4)))
        log.write(most, words.nth_word(events.WORDS, kind), value)
    log.write(most, "health", (most, (most,) * 6, -128))
    for line in capsys.readouterr().out.splitlines():
        waits_ms = max(0, len(line) + 2 - TAKEN_AT_ONCE_BYTES) / BYTES_A_MS + TICK_MS
        assert waits_ms < MICROPHONE_KEEPS_MS, line


# --- Ctrl-C ---


class Keys:
    """What is typed, and who has asked MicroPython not to look at it."""

    def __init__(self, firmware: Load, monkeypatch: pytest.MonkeyPatch) -> None:
        self.char = 3
        module = firmware("hal.console")
        self.typed = io.BytesIO()
        micropython = SimpleNamespace(kbd_intr=self.look_for)
        monkeypatch.setattr(module, "micropython", micropython)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=self, inbox=self))
        self.clock_ms = 0
        monkeypatch.setattr(time, "ticks_ms", lambda: self.clock_ms)
        self.turns = module.turns()
        next(self.turns)

    def look_for(self, char: int) -> None:
        self.char = char

    def __bool__(self) -> bool:  # something is in the box
        return self.typed.tell() < len(self.typed.getvalue())

    def read(self, count: int) -> bytes:
        return self.typed.read(count)

    def type(self, keys: bytes, now_ms: int) -> None:
        self.clock_ms = now_ms
        next(self.turns)
        self.typed = io.BytesIO(keys)
        while self:
            next(self.turns)


@pytest.fixture
def keys(firmware: Load, monkeypatch: pytest.MonkeyPatch) -> Keys:
    return Keys(firmware, monkeypatch)


def test_a_stray_ctrl_c_stops_nothing(keys: Keys) -> None:
    assert keys.char == -1  # MicroPython stops at none
    for minute in range(60):
        keys.type(b"\r\x00\xff" + CTRL_C + b"\r\xc0", minute * 60_000)


@pytest.mark.parametrize("between", [b"", b"\r", b"\r\x01 noise \xff"])
def test_whoever_asks_twice_gets_the_prompt(keys: Keys, between: bytes) -> None:
    with pytest.raises(KeyboardInterrupt):
        keys.type(CTRL_C + between + CTRL_C, 5000)


def test_mpremote_gets_the_prompt(keys: Keys) -> None:
    with pytest.raises(KeyboardInterrupt):
        keys.type(b"\r" + CTRL_C, 5000)


def test_twice_is_within_two_seconds_also_where_the_clock_turns(keys: Keys) -> None:
    last_ms = (1 << 30) - 1
    keys.type(CTRL_C, last_ms - 3000)
    keys.type(CTRL_C, last_ms - 500)
    with pytest.raises(KeyboardInterrupt):
        keys.type(CTRL_C, 500)


def test_the_loop_stops_for_who_asks_and_leaves_time_at_the_console(
    firmware: Load, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = firmware("app.guard")
    steps: list[int] = []
    watchdogs: list[int] = []

    class Handset:
        radio: Any = SimpleNamespace(wait=lambda timeout_ms: None)

        def step(self, now_ms: int) -> int:
            steps.append(now_ms)
            if len(steps) == 2:
                keys.typed = io.BytesIO(b"\x03 \x03")
            return 10

    monkeypatch.setattr(guard, "start", Handset)
    monkeypatch.setattr(guard, "turns", lambda: keys.turns)
    monkeypatch.setattr(guard.machine, "WDT", lambda timeout: watchdogs.append(timeout))
    with pytest.raises(KeyboardInterrupt):
        guard.run()
    assert len(steps) == 4  # it takes a byte a turn
    assert watchdogs == [600_000]


def test_one_ctrl_c_stops_a_badge_that_starts(
    firmware: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = firmware("app.guard")
    watchdogs: list[int] = []

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(guard, "start", interrupted)
    monkeypatch.setattr(guard.machine, "WDT", lambda timeout: watchdogs.append(timeout))
    with pytest.raises(KeyboardInterrupt):
        guard.run()
    assert watchdogs == [600_000]
