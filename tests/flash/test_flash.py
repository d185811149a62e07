"""One badge: real esptool and mpremote against the emulated one, on all three chips."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.flash.bench import CHIPS, flash_bytes, make_order, states

from pressel.emulator.badge import MAC, EmulatedBadge
from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.registry.store import Registry

DEVICE = MAC.hex() + "0000"


def _nothing(stage: str, share: float) -> None: ...


@pytest.mark.parametrize("chip", CHIPS)
def test_a_bare_board_becomes_a_badge_and_keeps_its_identity(tmp_path: Path, chip: str) -> None:
    order = make_order(tmp_path, chip, name="Bar 1")
    registry = Registry(tmp_path / "leader")
    with EmulatedBadge(chip, tmp_path / "flash", flash_bytes(chip)) as badge:
        first = flash_badge(badge.port, order, registry, _nothing)
        assert (first.device, first.name) == (DEVICE, "Bar 1")
        assert states(registry) == {DEVICE: "active"}
        assert (tmp_path / "labels" / f"{DEVICE}.png").stat().st_size > 100
        key = registry.key(DEVICE)
        again = flash_badge(badge.port, make_order(tmp_path, chip), registry, _nothing)
        assert (again.device, again.name) == (DEVICE, "Bar 1")
        assert registry.key(DEVICE) == key


def test_another_chip_than_the_boards_is_refused(tmp_path: Path) -> None:
    with (
        EmulatedBadge("esp32c3", tmp_path / "flash", 4 << 20) as badge,
        pytest.raises(FlashError) as caught,
    ):
        flash_badge(badge.port, make_order(tmp_path, "esp32"), None, _nothing)
    assert caught.value.code == "wrong-chip"


def test_a_port_that_is_not_there_or_in_use(tmp_path: Path) -> None:
    import serial

    order = make_order(tmp_path, "esp32")
    with pytest.raises(FlashError) as caught:
        flash_badge(str(tmp_path / "none"), order, None, _nothing)
    assert caught.value.code == "no-port"
    with EmulatedBadge("esp32", tmp_path / "flash", 4 << 20) as badge:
        with (
            serial.Serial(badge.port, exclusive=True),
            pytest.raises(FlashError) as caught,
        ):
            flash_badge(badge.port, order, None, _nothing)
        assert caught.value.code == "port-busy"
