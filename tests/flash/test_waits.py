"""Every wait for a badge ends, and every success is what the badge itself says."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import esptool.loader
import pytest
from tests.flash.bench import CHIPS, flash_bytes, make_order, states
from tests.flash.other_badge import OtherBadge

from pressel import cli
from pressel.emulator.badge import MAC, EmulatedBadge
from pressel.emulator.faults import STAGES, Faults, parse_faults
from pressel.emulator.program import Firmware
from pressel.flash import console, loader, wipe
from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.flash.order import Order, Outcome
from pressel.flash.provision import Change, provision_badge
from pressel.registry.store import Registry

CHIP = "esp32"
STRANGER = bytes.fromhex("7c9ebd445566")


def _nothing(stage: str, share: float) -> None: ...


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits, shorter: what they end never ends by itself."""
    for limit in ("_PROMPT_S", "_ATTEMPT_S", "_ANSWER_S", "_RUN_S", "_START_S"):
        monkeypatch.setattr(console, limit, 2.0)
    for limit in ("_CONNECT_S", "_STEP_S", "_ERASE_S"):
        monkeypatch.setattr(loader, limit, 4.0)
    for rate in ("_READ_BYTES_S", "_WRITE_BYTES_S", "_VERIFY_BYTES_S"):
        monkeypatch.setattr(loader, rate, 1 << 20)
    monkeypatch.setattr(esptool.loader, "CHIP_ERASE_TIMEOUT", 2.0)


@pytest.mark.sweep(2)
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", ["mute-at", "babble-at"])
def test_a_badge_that_never_answers_is_given_up(tmp_path: Path, kind: str, stage: str) -> None:
    faults = parse_faults((f"{kind}={stage}",))
    flash = tmp_path / "flash"
    with EmulatedBadge(CHIP, flash, flash_bytes(CHIP), faults=faults) as badge:
        with Registry(tmp_path / "leader") as registry:
            with pytest.raises(FlashError) as caught:
                order = make_order(tmp_path, CHIP, erase=stage == "erase")
                flash_badge(badge.port, order, registry, _nothing)
            assert states(registry) == {}
        assert caught.value.code in ("no-answer", "mute", "stuck", "no-console")
        assert "again" in str(caught.value)  # what to do


@pytest.mark.proof
def test_a_cable_pulled_amid_an_erase_costs_a_key_and_nothing_else(tmp_path: Path) -> None:
    """Half of the flash is empty then: the same command makes it again, as the same device."""
    flash = tmp_path / "flash"

    def make(order: Order, faults: Faults | None = None) -> Outcome:
        with EmulatedBadge(CHIP, flash, flash_bytes(CHIP), faults=faults) as badge:
            return flash_badge(badge.port, order, registry, _nothing)

    with Registry(tmp_path / "leader") as registry:
        device = make(make_order(tmp_path, CHIP, name="Bar 1")).device
        before = registry.devices()
        erasing = make_order(tmp_path, CHIP, erase=True)
        with pytest.raises(FlashError) as caught:
            make(erasing, Faults(unplug_at="erase"))
        assert caught.value.code == "unplugged" and "'erase'" in str(caught.value)
        assert registry.devices() == before
        outcome = make(erasing)
        assert (outcome.device, outcome.name) == (device, "Bar 1")
        assert any("got a new one" in each for each in outcome.warnings)
        (after,) = registry.devices()
        assert after.epoch != before[0].epoch  # of its key


@pytest.mark.proof
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("kind", ["mute-at", "babble-at"])
def test_wiping_such_a_badge_ends_too(tmp_path: Path, kind: str) -> None:
    faults = parse_faults((f"{kind}=read",))
    with (
        EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP), faults=faults) as badge,
        pytest.raises(FlashError) as caught,
    ):
        wipe.wipe_badge(badge.port, None, revoke=False)
    assert caught.value.code in ("mute", "stuck")


def test_a_badge_that_finds_no_key_is_not_done(tmp_path: Path) -> None:
    """By flash and, when it loses it later, by provision: no leader would let it in."""
    flash = tmp_path / "flash"
    with Registry(tmp_path / "leader") as registry:
        for faults, code in ((Faults(no_key=True), "no-key"), (Faults(), "")):
            with EmulatedBadge(CHIP, flash, flash_bytes(CHIP), faults=faults) as badge:
                try:
                    flash_badge(badge.port, make_order(tmp_path, CHIP), registry, _nothing)
                except FlashError as error:
                    assert error.code == code
                    assert states(registry) == {}
        assert list(states(registry).values()) == ["active"]
        with EmulatedBadge(CHIP, flash, flash_bytes(CHIP), faults=Faults(no_key=True)) as badge:
            with pytest.raises(FlashError) as caught:
                provision_badge(badge.port, Change(name="Bar 2"), registry, _nothing)
            assert caught.value.code == "no-key" and "--erase" in str(caught.value)
        assert registry.devices()[0].name != "Bar 2"


@pytest.mark.parametrize(
    ("said", "is_heard", "is_keyless", "failure"),
    [
        ([("boot", "Ann")], True, False, ""),
        ([("boot", "Ben")], None, None, None),  # what it was before
        ([("no key", "flash it"), ("boot", "Ann")], False, True, ""),
        ([("native", None)], None, None, None),
        ([("crash", "Traceback\nOSError: \x1b[2J5")], False, False, "OSError: ?[2J5"),
    ],
    ids=["well", "another name", "no key", "not yet", "crash"],
)
def test_what_a_firmware_says_of_its_start(
    said: list[tuple[str, object]],
    is_heard: bool | None,
    is_keyless: bool | None,
    failure: str | None,
) -> None:
    lines = [json.dumps({"ms": 1, "event": event, "value": value}) for event, value in said]
    heard = "".join(f"{line}\r\n" for line in lines).encode()
    started = console._judged(heard, "Ann")
    if is_heard is None:
        assert started is None
    else:
        assert started == console.Start(is_heard, str(failure), bool(is_keyless))


@pytest.mark.usefixtures("hasty")
def test_a_badge_that_nobody_heard_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_judged", lambda heard, name: None)
    with (
        EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP)) as badge,
        Registry(tmp_path / "leader") as registry,
    ):
        with pytest.raises(FlashError) as caught:
            flash_badge(badge.port, make_order(tmp_path, CHIP), registry, _nothing)
        assert caught.value.code == "not-heard" and states(registry) == {}


@pytest.mark.sweep(1)
@pytest.mark.parametrize("chip", CHIPS)
def test_row_44_a_port_that_turns_into_another_badges(tmp_path: Path, chip: str) -> None:
    """It is refused before a file is looked at, and the other badge runs again."""
    badge = OtherBadge(chip, bytearray(b"\xff" * (16 << 20)), MAC)

    def swap(stage: str, share: float) -> None:
        if stage == "start":
            badge.mac = STRANGER

    with badge, Registry(tmp_path / "leader") as registry:
        with pytest.raises(FlashError) as caught:
            flash_badge(badge.port, make_order(tmp_path, chip, name="Bar"), registry, swap)
        assert caught.value.code == "other-badge" and STRANGER.hex(":") in str(caught.value)
        assert states(registry) == {}
        badge.wait_until_it_runs(starts=2)  # at the look, and after it


def test_a_badge_that_is_refused_at_its_prompt_runs_again(tmp_path: Path) -> None:
    badge = OtherBadge(CHIP, bytearray(b"\xff" * (16 << 20)), MAC)
    with badge:
        flash_badge(badge.port, make_order(tmp_path, CHIP), None, _nothing)
        starts = len(badge.log)
        badge.full = True
        with pytest.raises(FlashError) as caught:
            provision_badge(badge.port, Change(name="Bar 2"), None, _nothing)
        assert caught.value.code == "badge-full" and "--erase" in str(caught.value)
        badge.wait_until_it_runs(starts=starts + 1)


def test_a_badge_that_runs_stops_for_who_asks(tmp_path: Path) -> None:
    """Its firmware ends at two Ctrl-C within two seconds; mpremote sends one in each attempt."""
    with EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP)) as badge:
        flash_badge(badge.port, make_order(tmp_path, CHIP, name="Bar 1"), None, _nothing)
        assert isinstance(badge._program, Firmware)
        provision_badge(badge.port, Change(name="Bar 2"), None, _nothing)


def test_a_full_disk_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of this computer, where the storage of a badge is made."""

    def full(values: object, size: int) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    monkeypatch.setattr("pressel.flash.identity.make_nvs", full)
    monkeypatch.setenv("PRESSEL_WIFI_PASSWORD", "long enough")
    from tests.flash.bench import image_file

    file, sha256 = image_file(tmp_path, CHIP)
    with EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP)) as badge:
        words = ("flash", "--port", badge.port, "--board", "esp32-devkit", "--wifi", "venue")
        image = ("--image", str(file), "--image-sha256", sha256, "--no-registry")
        assert cli.main([*words, *image]) == 1
    said = capsys.readouterr().err
    assert "no room for /tmp/x on this computer's disk; make some and try again" in said
