"""Application slots: which one starts, how a trial ends, and that no power cut leaves neither."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import FIRMWARE, Load
from tests.firmware.hardware import NVS, Machine, Reset, Wdt, Wlan
from tests.firmware.releases import build_release

from ptt.badge.join import JOINED, SEARCHING

GOOD = {"slot": "a", "former": "a", "left": -1, "release": 0, "failed": 0}
TRIAL = {"slot": "b", "former": "a", "left": 3, "release": 7, "failed": 0}


@pytest.fixture
def flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def loader() -> Any:
    spec = importlib.util.spec_from_file_location("loader", FIRMWARE / "main.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def put(flash: Path, **boot: Any) -> None:
    (flash / "boot.json").write_text(json.dumps(boot))


def kept(flash: Path) -> dict[str, Any]:
    return json.loads((flash / "boot.json").read_text())


def start(flash: Path) -> str:
    """The slot that a start runs."""
    slot = loader().choose()["slot"]
    assert sys.path.pop(0) == slot
    return slot


def test_a_flashed_badge_starts_its_first_slot_and_writes_nothing(flash: Path) -> None:
    (flash / "boot.json").write_bytes((FIRMWARE / "boot.json").read_bytes())
    before = (flash / "boot.json").stat()
    assert start(flash) == "a"
    assert (flash / "boot.json").stat() == before
    assert kept(flash) == GOOD


@pytest.mark.parametrize(
    "content",
    [None, "", "{", "[]x", "[]", "null", "3", "{}", '"slot"', '{"slot": "b", "left": 3}',
     json.dumps({**GOOD, "slot": 1}), json.dumps({**GOOD, "former": None}),
     json.dumps({**GOOD, "left": "3"}), json.dumps({**GOOD, "left": None})],
)  # fmt: skip
def test_a_damaged_boot_file_means_the_first_slot(flash: Path, content: str | None) -> None:
    if content is not None:
        (flash / "boot.json").write_text(content)
    assert start(flash) == "a"
    if content is not None:
        assert kept(flash) == GOOD  # the application reads it, too


def test_a_trial_has_three_starts_and_then_the_former_slot_is_back_for_good(flash: Path) -> None:
    put(flash, **TRIAL)
    assert [start(flash) for _ in range(6)] == ["b", "b", "b", "a", "a", "a"]
    assert kept(flash) == {**GOOD, "release": 7, "failed": 7}


def test_a_trial_that_cannot_be_counted_does_not_begin(
    flash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(flash, **TRIAL)
    (flash / "boot.new").mkdir()
    assert start(flash) == "a"


def test_a_release_that_does_not_load_is_given_up_at_once(
    firmware: Load, flash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(flash, **TRIAL)
    monkeypatch.setitem(sys.modules, "app", None)
    with pytest.raises(Reset):
        loader().run()
    assert start(flash) == "a"
    assert kept(flash)["failed"] == 7


def test_a_crash_ends_the_trial(firmware: Load, flash: Path) -> None:
    put(flash, **TRIAL)

    def step(now_ms: int) -> int:
        raise ValueError("planted")

    handset: Any = SimpleNamespace(radio=None, step=step)
    with pytest.raises(Reset):
        firmware("app.guard").Guard(handset, Wdt(10_000), 1000).step(500_000)
    assert start(flash) == "a"


def test_a_crash_of_a_good_release_changes_nothing(firmware: Load, flash: Path) -> None:
    put(flash, **GOOD)
    firmware("app.extras.trial").fail(firmware("hal.store").Store())
    assert kept(flash) == GOOD


class Person:
    """Stands for a handset: joined or not, quiet or not."""

    def __init__(self) -> None:
        self.participant = SimpleNamespace(join=SimpleNamespace(state=SEARCHING))
        self.quiet = True

    def is_quiet(self) -> bool:
        return self.quiet


def test_a_release_is_good_when_it_has_been_joined_for_a_minute(
    firmware: Load, flash: Path
) -> None:
    put(flash, **TRIAL)
    trial = firmware("app.extras.trial").Trial(1000)
    handset = Person()
    now_ms = 0
    for now_ms in range(1000, 200_000, 1000):
        handset.participant.join.state = SEARCHING if now_ms == 50_000 else JOINED
        handset.quiet = now_ms > 115_000
        if trial.step(handset, now_ms):
            break
    assert now_ms == 116_000  # a minute after it joined again, and then when nobody talked
    assert kept(flash) == {**TRIAL, "former": "b", "left": -1}
    assert NVS.kept["release"] == 7
    assert start(flash) == "b"


def test_a_release_that_finds_no_leader_starts_anew(firmware: Load, flash: Path) -> None:
    put(flash, **TRIAL)
    trial = firmware("app.extras.trial").Trial(1000)
    handset = Person()
    trial.step(handset, 600_999)
    with pytest.raises(Reset):
        trial.step(handset, 601_000)


def test_a_trial_begins_with_the_other_slot(firmware: Load, flash: Path) -> None:
    put(flash, **GOOD)
    firmware("app.extras.trial").begin(firmware("hal.store").Store(), "b", 7)
    assert kept(flash) == TRIAL
    assert Machine.cause == Machine.PWRON_RESET


@pytest.mark.parametrize("refused", [False, True])
def test_a_watchdog_runs_and_wifi_has_its_memory_before_the_application_is_loaded(
    firmware: Load, flash: Path, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    """A release may hang while it is loaded. Python's heap grows into what is free; a start that is
    refused does not end the badge's."""
    order: list[str] = []

    class Application(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name == "guard":
                order.append("application")
                return SimpleNamespace(run=lambda: None)
            raise AttributeError(name)

    def active(self: Wlan, on: bool) -> None:
        order.append("wifi")
        if refused:
            raise OSError("Wifi Out of Memory")

    def watch(timeout: int) -> None:
        order.append(f"watchdog, {timeout} ms")

    monkeypatch.setattr(sys.modules["machine"], "WDT", watch)
    monkeypatch.setattr(Wlan, "active", active)
    monkeypatch.setitem(sys.modules, "app", Application("app"))
    loader().run()
    assert order == ["watchdog, 60000 ms", "wifi", "application"]


def test_the_first_release_is_in_the_listing_of_the_build(tmp_path: Path) -> None:
    from pressel.pack import build_firmware
    from ptt.wire.messages import TABLE_HASH

    built = build_firmware(tmp_path / "firmware")
    listing = json.loads((built.folder / "manifest.json").read_text())
    assert (listing["release"], listing["build"]) == (1, "0.1.1")
    assert listing["table"] == TABLE_HASH.hex()
    assert json.loads((built.folder / "boot.json").read_text()) == GOOD


HEAP_BYTES = 140_000  # this is about slots and not about memory


def test_a_release_that_crashes_on_real_micropython_falls_back(tmp_path: Path) -> None:
    from pressel.boards.board import load_board
    from pressel.pack import build_firmware
    from pressel.virtual.make_kit import make_kit
    from pressel.virtual.stepped import SteppedBadge

    folder = build_firmware(tmp_path / "firmware").folder
    broken = build_release(tmp_path / "broken", tmp_path, raises_after_ms=200).folder
    shutil.copytree(broken / "a", folder / "b")
    (folder / "guarded").touch()
    (folder / "boot.json").write_text(json.dumps(TRIAL))
    config = {"device": "0200000000000001", "name": "A", "wifi": {"ssid": "x", "password": ""}}
    badge = SteppedBadge(
        folder,
        load_board("esp32-devkit").facts(),
        config,
        "020000000001",
        1,
        1000,
        tmp_path / "badge",
        kit=make_kit(tmp_path),
        heap_bytes=HEAP_BYTES,
    )
    try:
        told = []
        for now_ms in range(1000, 3000, 20):
            told += [each for each in badge.step(now_ms).events if "event" in each]
        badge.stop()
    finally:
        badge.kill()
    assert "ValueError: planted" in next(e["value"] for e in told if e["event"] == "crash")
    assert [e["event"] for e in told].count("crash") == 1
    assert ("boot", "A") in [(e["event"], e["value"]) for e in told]
    assert kept(badge.flash)["failed"] == 7
