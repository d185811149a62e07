"""The whole path against a badge that has nothing in common with the product's own emulated one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.flash.bench import CHIPS, agreed, make_order
from tests.flash.other_badge import OtherBadge

from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.flash.provision import Change, provision_badge
from pressel.flash.wipe import wipe_badge
from pressel.registry.store import Registry

MAC = bytes.fromhex("7c9ebd112233")
FLASH_BYTES = 16 << 20


def _nothing(stage: str, share: float) -> None: ...


@pytest.mark.sweep(1)
@pytest.mark.parametrize("chip", CHIPS)
def test_a_badge_is_made_changed_and_wiped(tmp_path: Path, chip: str) -> None:
    flash = bytearray(b"\x5a" * FLASH_BYTES)  # it had a life before
    with OtherBadge(chip, flash, MAC) as badge, Registry(tmp_path / "leader") as registry:
        made = flash_badge(badge.port, make_order(tmp_path, chip), registry, _nothing)
        assert not made.warnings
        assert badge.log[-1] == made.name == "badge 2233"
        agreed(flash, chip, registry, made.device)
        changed = provision_badge(
            badge.port, Change(("Bar 🍕", "p🍕ssword"), "10.0.0.1", "Büro 🍕"), registry, _nothing
        )
        assert not changed.warnings and badge.log[-1] == "Büro 🍕"
        config = agreed(flash, chip, registry, made.device)
        assert config["wifi"] == {"ssid": "Bar 🍕", "password": "p🍕ssword"}
        assert registry.device(made.device).name == config["name"] == "Büro 🍕"
        assert wipe_badge(badge.port, registry, revoke=True) == (made.device, "")
        assert flash.count(0xFF) == len(flash)
        assert registry.device(made.device).state == "revoked"


@pytest.mark.proof
def test_a_run_that_failed_in_the_stub_is_run_again(tmp_path: Path) -> None:
    flash = bytearray(b"\xff" * FLASH_BYTES)
    with OtherBadge("esp32", flash, MAC) as badge, Registry(tmp_path / "leader") as registry:
        with pytest.raises(FlashError) as caught:
            flash_badge(badge.port, make_order(tmp_path, "esp32c3"), registry, _nothing)
        assert caught.value.code == "wrong-chip"
        assert not registry.devices()
        made = flash_badge(badge.port, make_order(tmp_path, "esp32"), registry, _nothing)
        agreed(flash, "esp32", registry, made.device)
