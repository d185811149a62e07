"""What a crash leaves behind, and that a badge starts again whatever happened."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import Machine, Reset, Wdt


@pytest.fixture
def flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ring(firmware: Load) -> list[Any]:
    return firmware("app.crashes").entries(firmware("hal.store").Store())


def crash(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def failing(error: BaseException | None) -> Any:
    def step(now_ms: int) -> int:
        if error is not None:
            raise error
        return 5

    return SimpleNamespace(radio=None, step=step)


def guard(firmware: Load, handset: Any) -> Any:
    return firmware("app.guard").Guard(handset, Wdt(10_000), 1000)


def test_a_crash_is_kept_and_ends_in_a_restart(firmware: Load, flash: Path) -> None:
    with pytest.raises(Reset):
        guard(firmware, failing(crash("planted"))).step(91_000)
    ((uptime_ms, text),) = ring(firmware)
    assert uptime_ms == 90_000
    assert "ValueError: planted" in text and "test_crashes.py" in text


def test_the_last_few_are_kept_and_no_more(firmware: Load, flash: Path) -> None:
    for number in range(10):
        with pytest.raises(Reset):
            guard(firmware, failing(crash(f"number {number} " + "x" * 5000))).step(2000)
    kept = ring(firmware)
    assert len(kept) == 4
    assert (flash / "crashes.json").stat().st_size < 2500
    assert all(len(text) == 500 for _, text in kept)


def test_a_damaged_ring_is_begun_anew(firmware: Load, flash: Path) -> None:
    for content in ("", "{", '{"ring": 5}', '{"ring": [[1, 2, 3], "x"]}'):
        (flash / "crashes.json").write_text(content)
        assert ring(firmware) == []
        with pytest.raises(Reset):
            guard(firmware, failing(crash("planted"))).step(2000)
        assert len(ring(firmware)) == 1


def test_a_full_flash_does_not_stop_the_restart(
    firmware: Load, flash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28)

    monkeypatch.setattr(firmware("hal.store").Store, "save", full)
    with pytest.raises(Reset):
        guard(firmware, failing(crash("planted"))).step(2000)


def test_a_badge_that_crashes_at_once_waits_longer(firmware: Load, flash: Path) -> None:
    waits_ms = []
    for uptime_ms in (10, 59_000, 60_000, 0x20000000 - 1):
        Machine.naps_ms.clear()
        with pytest.raises(Reset):
            guard(firmware, failing(crash("planted"))).step(1000 + uptime_ms)
        waits_ms += Machine.naps_ms
    assert waits_ms == [8000, 8000, 1000, 1000]


def test_the_watchdog_is_fed_after_a_whole_step_only(firmware: Load, flash: Path) -> None:
    Wdt.fed = 0
    assert guard(firmware, failing(None)).step(2000) == 5
    assert Wdt.fed == 1
    with pytest.raises(Reset):
        guard(firmware, failing(crash("planted"))).step(2000)
    assert Wdt.fed == 1


def test_somebody_at_the_console_is_no_crash(firmware: Load, flash: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        guard(firmware, failing(KeyboardInterrupt())).step(2000)
    assert ring(firmware) == []


def test_a_badge_without_its_files_restarts_and_says_why(firmware: Load, flash: Path) -> None:
    with pytest.raises(Reset):
        firmware("app.guard").start()
    ((_, text),) = ring(firmware)
    assert "FileNotFoundError" in text


def test_a_badge_tells_of_earlier_crashes(
    firmware: Load, flash: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Reset):
        guard(firmware, failing(crash("planted"))).step(2000)
    capsys.readouterr()
    boot = firmware("app.boot")
    boot._tell_crashes(firmware("hal.store").Store(), 5)
    line = json.loads(capsys.readouterr().out)
    assert line["event"] == "crashed before"
    assert "planted" in line["value"][1]
