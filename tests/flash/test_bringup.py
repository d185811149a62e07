"""The bring-up tests on an emulated badge: real MicroPython, real mpremote, virtual time."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest
from tests.flash.bench import make_order

from pressel.boards.board import load_board
from pressel.bringup import badge as bringup_badge
from pressel.bringup.badge import Bench
from pressel.bringup.plan import chosen, plan
from pressel.bringup.result import read_result
from pressel.bringup.run import Person, begun
from pressel.cli import main
from pressel.emulator.badge import EmulatedBadge
from pressel.emulator.faults import Faults
from pressel.flash import console
from pressel.flash.contents import put_back, take_out
from pressel.flash.job import flash_badge
from pressel.flash.line import Stop

CHIP, FLASH_MIB = "esp32s3", 8
TALK_MINUTES = 0.3
PATIENCE = 3  # times as long as a badge of silicon may take: this one shares a machine
LIMITS = ("_RETURN_S", "_PROMPT_S", "_ATTEMPT_S", "_ANSWER_S", "_START_S", "_SILENT_S")
PLANTED = Faults(
    swapped_samples=True, dead_button=True, small_mailbox=2, slow_join=9000, coarse_tick=50,
    no_watchdog=True, torn_write=True, stuck_power_save=True, lossy_multicast=300, slow_cipher=2,
    slow_clock=True, flat_battery=3000,
)  # fmt: skip
NAMED = {  # test -> the values that are not as they should be
    "clock": {"set_mhz"},
    "tick": {"wait_ms", "wait_ms_max"},
    "speaker": {"image_permille"},
    "button": {"presses"},
    "side-button": {"presses"},
    "battery": {"millivolts"},
    "join": {"join_ms"},
    "roam": {"reconnect_ms", "roam_ms"},
    "power-save": {"after_connect", "after_reconnect", "clumped_permille"},
    "multicast": {"lost_permille"},
    "mailbox": {"kept"},
    "ciphers": {"aes_us"},
    "watchdog": set(),  # it ran on, which is told in words
    "power-cut": {"is_whole"},
}

# Of the hardware beside it, and of what is right only at first or only by its word.
PLANTED_TOO = Faults(
    absent_psram=True, small_internal=12_000, small_executable=16_000, inverted_button=True,
    bouncing_button=40, absent_codec=True, flat_battery=7800, faint_wifi=80, asleep_radio=True,
    ending_multicast=120, wrong_cipher=True, slow_flash=600, rotten_flash=True,
    worn_nvs=True,
)  # fmt: skip
NAMED_TOO = {
    "psram": {"psram_mib"},
    "heap": {"idf_free_bytes", "idf_largest_bytes"},
    "executable": {"executable_bytes"},
    "button": {"is_up_at_rest", "bounce_ms"},
    "side-button": {"is_up_at_rest", "bounce_ms"},
    "display": {"missing"},
    "battery": {"millivolts"},
    "join": {"rssi_dbm"},
    "power-save": {"clumped_permille"},
    "multicast": {"held_s"},
    "ciphers": {"wrong"},
    "flash": {"changed_files", "keeps_numbers", "write_ms", "write_ms_max"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flash of a badge as `pressel flash` leaves it."""
    folder = tmp_path_factory.mktemp("made")
    flash = folder / "flash"
    with EmulatedBadge(CHIP, flash, FLASH_MIB << 20) as badge:
        flash_badge(badge.port, make_order(folder, CHIP), None, lambda stage, share: None)
    return flash


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole run measures virtual time, and does not end because the machine is busy. Tests that
    wait in vain for something go without."""
    for limit in LIMITS:
        monkeypatch.setattr(console, limit, PATIENCE * getattr(console, limit))
    monkeypatch.setattr(bringup_badge, "_BACK_S", PATIENCE * bringup_badge._BACK_S)
    slow = tuple(each.model_copy(update={"limit_s": PATIENCE * each.limit_s}) for each in plan())
    monkeypatch.setattr("pressel.bringup.plan.plan", lambda: slow)


def _badge(made: Path, folder: Path, faults: Faults | None = None) -> EmulatedBadge:
    flash = folder / "flash"
    shutil.copy(made, flash)
    return EmulatedBadge(CHIP, flash, FLASH_MIB << 20, faults=faults)


def _run(port: str, file: Path, *only: str) -> dict[str, set[str]]:
    """The tests that did not pass, each with its values that are wrong."""
    bench = Bench(port, Stop())
    run = begun(port, bench, file, Person(lambda text: None, lambda question: True))
    run.talk_minutes = TALK_MINUTES
    run.board["psram"] = "octal"  # as if its file said so
    run.run(chosen(only, ()), lambda test, done: None)
    bench.close()
    tests = read_result(file).tests
    assert run.result.emulated
    return {name: {each.key for each in tests[name].values if not each.ok}
            for name in run.result.failed}  # fmt: skip


@pytest.mark.proof
@pytest.mark.usefixtures("patient")
def test_each_of_many_planted_faults_is_named_and_nothing_else_is(
    made: Path, tmp_path: Path
) -> None:
    with _badge(made, tmp_path, PLANTED) as badge:
        assert _run(badge.port, tmp_path / "result.json") == NAMED
    tests = read_result(tmp_path / "result.json").tests
    assert set(tests) == {each.id for each in plan()}
    assert "ran on" in tests["watchdog"].why
    assert tests["buses"].why == "the board has no codec"
    assert tests["talk"].outcome == "left out" and "leader" in tests["talk"].why


@pytest.mark.proof
@pytest.mark.usefixtures("patient")
def test_faults_beside_it_are_named_and_nothing_else_is(made: Path, tmp_path: Path) -> None:
    with _badge(made, tmp_path, PLANTED_TOO) as badge:
        assert _run(badge.port, tmp_path / "result.json", *NAMED_TOO) == NAMED_TOO


@pytest.mark.proof
@pytest.mark.usefixtures("patient")
def test_a_sound_badge_passes_all_of_them(made: Path, tmp_path: Path) -> None:
    with _badge(made, tmp_path) as badge:
        assert _run(badge.port, tmp_path / "result.json") == {}


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("faults", "test", "keys"),
    [
        (Faults(deaf_microphone=True), "microphone", {"noise_dbfs", "speech_dbfs"}),
        (Faults(deaf_microphone=True), "speaker", {"heard_dbfs"}),
        (Faults(small_heap=105_000), "heap", {"bare_free_bytes"}),
        (Faults(flash_mib=4), "chip", {"flash_mib"}),
        (Faults(deaf_scan=True), "scan", {"points"}),
        (Faults(jumping_tick=300), "tick", {"wait_ms_max"}),
        (Faults(absent_psram=True), "psram", {"psram_mib"}),
        (Faults(asleep_radio=True), "power-save", {"clumped_permille"}),
        (Faults(inverted_button=True), "button", {"is_up_at_rest"}),
        (Faults(worn_nvs=True), "flash", {"keeps_numbers"}),
    ],
)
def test_a_fault_that_hides_others_is_named_alone(
    faults: Faults, test: str, keys: set[str], made: Path, tmp_path: Path
) -> None:
    with _badge(made, tmp_path, faults) as badge:
        assert _run(badge.port, tmp_path / "result.json", test) == {test: keys}


def test_e_paper_shows_a_picture_and_one_that_is_never_busy_is_named(
    made: Path, tmp_path: Path
) -> None:
    flash = bytearray(made.read_bytes())
    folder = tmp_path / "taken"
    assert take_out(flash, CHIP, folder)
    facts = json.loads((folder / "board.json").read_text())
    facts["epaper"] = load_board("waveshare-epaper-154").facts()["epaper"]
    (folder / "board.json").write_text(json.dumps(facts))
    assert put_back(flash, CHIP, folder)
    with_it = tmp_path / "with"
    with_it.write_bytes(flash)
    for number, (faults, wrong) in enumerate(
        ((None, {}), (Faults(absent_epaper=True), {"epaper": {"refresh_ms"}}))
    ):
        place = tmp_path / str(number)
        place.mkdir()
        with _badge(with_it, place, faults) as badge:
            assert _run(badge.port, place / "result.json", "epaper") == wrong


@pytest.mark.parametrize(
    ("faults", "test", "why"),
    [
        (Faults(deaf_scan=True), "roam", "is in a scan, so a badge cannot roam: let it show its"),
        (Faults(starved_wifi=True), "join", "(Wifi Unknown Error 0x0101): press RESET and run"),
    ],
)
def test_what_cannot_be_measured_is_said_with_what_to_do(
    faults: Faults, test: str, why: str, made: Path, tmp_path: Path
) -> None:
    """And confirms no number."""
    with _badge(made, tmp_path, faults) as badge:
        assert _run(badge.port, tmp_path / "result.json", test) == {test: set()}
    result = read_result(tmp_path / "result.json").tests[test]
    assert result.outcome == "broken" and why in result.why and not result.values


def test_a_run_goes_on_where_it_stopped_and_says_what_it_measured(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = tmp_path / "result.json"
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    with _badge(made, tmp_path) as badge:
        words = ["badge", "bringup", badge.port, "--out", str(file)]
        assert main([*words, "--only", "2", "--only", "battery"]) == 0
        said = capsys.readouterr().out
        assert "set mhz: 240 MHz, expected 240; confirms chip.mhz_max (now 240)" in said
        everything_else = [word for each in plan() for word in ("--skip", each.id)
                           if each.id not in ("clock", "battery", "light")]  # fmt: skip
        assert main([*words, *everything_else]) == 1
        told = capsys.readouterr()
    assert "2 of 3 tests have passed before" in told.err
    assert "CHANGES boards led" in told.out and "set mhz" not in told.out
    assert read_result(file).tests["light"].outcome == "failed"


def test_a_result_of_another_badge_is_not_gone_on_with(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "result.json"
    file.write_text('{"board": "esp32s3-devkit", "device": "000000000000"}')
    with _badge(made, tmp_path) as badge:
        assert main(["badge", "bringup", badge.port, "--out", str(file), "--only", "clock"]) == 2
    assert "is of the badge 000000000000" in capsys.readouterr().err


def test_nobody_at_the_badge_leaves_out_what_needs_a_person(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _badge(made, tmp_path) as badge:
        out = str(tmp_path / "result.json")
        words = ["badge", "bringup", badge.port, "--out", out, "--only", "button", "--nobody"]
        assert main(words) == 0
    assert "left out: it needs a person" in capsys.readouterr().out
