"""The handset of a board on fake peripherals, what it logs, the hand at its buttons, and
the settings that its leader tells it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import (
    I2S,
    Pin,
)

from pressel.boards.board import load_board
from ptt.badge import indications

DEVICE = "0200000000000001"
Build = Callable[..., Any]


@pytest.fixture
def build(
    firmware: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Build:
    """Boots the handset of a board, with a microphone's `gain_permille`; `config` goes into its
    config.json."""
    monkeypatch.chdir(tmp_path)
    for name in ("radio", "microphone", "speaker"):
        firmware(f"hal.{name}")  # with the fakes of its modules

    def make(board: str = "esp32-devkit", **config: Any) -> Any:
        facts = load_board(board).facts()
        if "gain_permille" in config:
            facts["microphone"]["gain_permille"] = config.pop("gain_permille")
        (tmp_path / "board.json").write_text(json.dumps(facts))
        config = {"device": DEVICE, "name": "Ann", "wifi": {"ssid": "x", "password": ""}, **config}
        (tmp_path / "config.json").write_text(json.dumps(config))
        I2S.made.clear()
        return firmware("app.boot").build()

    return make


def log(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["event"], line["value"]) for line in lines]


def run(handset: Any, from_ms: int, to_ms: int) -> None:
    for now_ms in range(from_ms, to_ms, 5):
        assert 0 <= handset.step(now_ms) <= 10


def tone_of(handset: Any) -> int | None:
    """The number of the tone that plays."""
    tones = handset.tones
    return indications.TONES[0].index(tones._notes) if tones.is_playing else None


def hold(handset: Any, pin: int, from_ms: int, to_ms: int) -> None:
    Pin.levels[pin] = 0
    run(handset, from_ms, to_ms)
    Pin.levels[pin] = 1


def settings(
    version: int, delay_ms: int, talk_ms: int = 60_000, power_save: int = 0, gain: int = 1
) -> bytes:
    """The payload of a SETTINGS_SNAPSHOT, with the defaults of what roomy badges obey."""
    first = version.to_bytes(4, "big") + delay_ms.to_bytes(2, "big") + talk_ms.to_bytes(4, "big")
    return first + bytes((340 >> 8, 340 & 255, 10, gain, 1, power_save))


def tell(handset: Any, told: bytes) -> None:
    handset.participant.settings.begin_with(told)
