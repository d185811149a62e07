"""Whatever the moment of a failure: nothing half registered, and a second run makes it whole."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from tests.flash.bench import agreed, flash_bytes, make_order, states

from pressel.emulator.badge import MAC, EmulatedBadge
from pressel.emulator.faults import STAGES, Faults
from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.registry.store import Registry

DEVICE = MAC.hex() + "0000"
CHIP = "esp32"


def _nothing(stage: str, share: float) -> None: ...


def _flash(folder: Path, faults: Faults | None = None, tell=_nothing, **order: Any) -> str:
    """Plug the badge in, flash it, unplug it; the device id or the code of the failure."""
    badge = EmulatedBadge(CHIP, folder / "flash", flash_bytes(CHIP), faults=faults)
    with badge, Registry(folder / "leader") as registry:
        try:
            return flash_badge(badge.port, make_order(folder, CHIP, **order), registry, tell).device
        except FlashError as error:
            return error.code


def _agreed(folder: Path, device: str) -> dict:
    with Registry(folder / "leader") as registry:
        return agreed((folder / "flash").read_bytes(), CHIP, registry, device)


def _states(folder: Path) -> dict[str, str]:
    with Registry(folder / "leader") as registry:
        return states(registry)


@pytest.mark.sweep(1)
@pytest.mark.parametrize("stage", STAGES)
def test_unplugged_at_any_stage(tmp_path: Path, stage: str) -> None:
    is_erased = stage == "erase"
    assert _flash(tmp_path, Faults(unplug_at=stage), erase=is_erased) == "unplugged"
    assert _states(tmp_path) == {}
    assert _flash(tmp_path) == DEVICE
    _agreed(tmp_path, DEVICE)
    before = _states(tmp_path)
    fault = Faults(unplug_at=stage)
    assert _flash(tmp_path, fault, name="Bar 2", erase=is_erased) == "unplugged"
    assert _states(tmp_path) == before  # a known badge stays known, its key is written again
    assert _flash(tmp_path) == DEVICE
    _agreed(tmp_path, DEVICE)


@pytest.mark.sweep(1)
@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (Faults(corrupt_block=1), "verify-failed"),
        (Faults(corrupt_file=True), "file-hash"),
        (Faults(crash=True), "start-failed"),
        (Faults(flash_mib=1), "flash-size"),
        (Faults(silent=True), "no-answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_named_registers_nothing_and_a_second_run_repairs(
    tmp_path: Path, faults: Faults, code: str
) -> None:
    assert _flash(tmp_path, faults) == code
    assert _states(tmp_path) == {}
    assert _flash(tmp_path) == DEVICE
    _agreed(tmp_path, DEVICE)


@pytest.mark.proof
def test_a_registry_that_fails_at_the_end_gets_the_same_key_later(tmp_path: Path) -> None:
    def fail(stage: str, share: float) -> None:
        if stage == "register":
            raise FlashError("stopped", "")

    assert _flash(tmp_path, tell=fail, name="Bar 1") == "stopped"
    assert _states(tmp_path) == {}
    with Registry(tmp_path / "leader") as registry:
        registry.ask(DEVICE, "half", bytes(32), "ACDE-FHJK")  # as an older run left it
    assert _flash(tmp_path) == DEVICE
    assert _agreed(tmp_path, DEVICE)["name"] == "half"


@pytest.mark.proof
def test_a_new_identity_ends_the_old_one_and_outlives_a_broken_run(tmp_path: Path) -> None:
    assert _flash(tmp_path, name="Bar 1", groups=(2, 3)) == DEVICE
    second = _flash(tmp_path, new_identity=True)
    assert second != DEVICE and second.startswith(MAC.hex())
    assert _states(tmp_path) == {DEVICE: "revoked", second: "active"}
    _agreed(tmp_path, second)
    assert _flash(tmp_path, Faults(unplug_after=10_000), erase=True) == "unplugged"
    assert _flash(tmp_path) == second  # though nothing on the badge says so any more
    _agreed(tmp_path, second)
    (tmp_path / "flash").unlink()
    with Registry(tmp_path / "leader") as registry:
        registry.revoke(second)
    assert _flash(tmp_path) == "revoked"
    assert _flash(tmp_path, new_identity=True) not in (DEVICE, second, "revoked")


@pytest.mark.proof
def test_name_and_groups_that_are_asked_for_reach_badge_and_registry(tmp_path: Path) -> None:
    assert _flash(tmp_path, name="Bar 1", groups=(2,)) == DEVICE
    assert _flash(tmp_path) == DEVICE
    with Registry(tmp_path / "leader") as registry:
        assert registry.device(DEVICE).groups == (2,)
    assert _flash(tmp_path, name="Bar 2", groups=(3, 1)) == DEVICE
    assert _agreed(tmp_path, DEVICE)["name"] == "Bar 2"
    with Registry(tmp_path / "leader") as registry:
        assert (registry.device(DEVICE).name, registry.device(DEVICE).groups) == ("Bar 2", (3, 1))


@pytest.mark.proof
def test_a_key_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    assert _flash(tmp_path) == DEVICE

    def rotate(stage: str, share: float) -> None:
        if stage == "verify":
            with Registry(tmp_path / "leader") as registry:
                registry.rotate(DEVICE)

    assert _flash(tmp_path, tell=rotate) == "registry-changed"
    assert _flash(tmp_path) == DEVICE
    _agreed(tmp_path, DEVICE)


def test_only_the_application_leaves_the_image_as_it_is(tmp_path: Path) -> None:
    assert _flash(tmp_path, image=None) == "no-micropython"
    assert _flash(tmp_path) == DEVICE
    flash = (tmp_path / "flash").read_bytes()
    assert _flash(tmp_path, image=None, name="Bar 2") == DEVICE
    after = (tmp_path / "flash").read_bytes()
    assert after[:0x9000] == flash[:0x9000] and after[0xF000:0x20000] == flash[0xF000:0x20000]
    assert _agreed(tmp_path, DEVICE)["name"] == "Bar 2"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert _flash(tmp_path, dry_run=True) == DEVICE
    assert _states(tmp_path) == {}
    assert not (tmp_path / "flash").exists()


@pytest.mark.proof
def test_erasing_removes_what_was_left(tmp_path: Path) -> None:
    left = bytearray(b"\x5a" * flash_bytes(CHIP))
    (tmp_path / "flash").write_bytes(left)
    assert _flash(tmp_path) == DEVICE
    assert b"\x5a" * 4096 in (tmp_path / "flash").read_bytes()
    assert _flash(tmp_path, erase=True) == DEVICE
    assert b"\x5a" * 4096 not in (tmp_path / "flash").read_bytes()


def test_an_image_that_leaves_no_room_for_the_files(tmp_path: Path) -> None:
    assert _flash(tmp_path, app_bytes=(4 << 20) - 0x10000 - 4096) == "image-too-large"
    assert _states(tmp_path) == {}


@pytest.mark.proof
def test_two_runs_at_once_on_one_port(tmp_path: Path) -> None:
    is_writing, codes = threading.Event(), []
    with EmulatedBadge(CHIP, tmp_path / "flash", flash_bytes(CHIP)) as badge:

        def second(stage: str, share: float) -> None:
            if stage == "start" and not is_writing.is_set():  # esptool has let go of the port
                is_writing.set()
                with pytest.raises(FlashError) as caught:
                    flash_badge(badge.port, order, None, _nothing)
                codes.append(caught.value.code)

        order = make_order(tmp_path, CHIP)
        with Registry(tmp_path / "leader") as registry:
            flash_badge(badge.port, order, registry, second)
    assert codes == ["port-busy"]
    _agreed(tmp_path, DEVICE)
