"""Boards with one address, and badges with one identity: no two ever hold one key."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from tests.flash.bench import agreed, flash_bytes, make_order, states

from pressel.emulator.badge import MAC, EmulatedBadge
from pressel.emulator.faults import Faults
from pressel.errors import UsageError
from pressel.flash.contents import NVS_FILE, take_out
from pressel.flash.fleet import flash_fleet
from pressel.flash.identity import Claims, Kept, choose_identity, register
from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.flash.order import Outcome
from pressel.flash.provision import Change, provision_badge
from pressel.registry.store import Registry

CHIP = "esp32"
FIRST = MAC.hex() + "0000"


def _nothing(stage: str, share: float) -> None: ...


def _board(folder: Path, name: str, mac: bytes = MAC, faults: Faults | None = None):
    return EmulatedBadge(CHIP, folder / name, flash_bytes(CHIP), mac, faults)


def _flash(folder: Path, board: str, **order: Any) -> Outcome:
    """Make the board with the flash file `board`, whose address all of them have."""
    with _board(folder, board) as badge, Registry(folder / "leader") as registry:
        return flash_badge(badge.port, make_order(folder, CHIP, **order), registry, _nothing)


def _key(folder: Path, board: str) -> str:
    taken = folder / "taken"
    assert take_out((folder / board).read_bytes(), CHIP, taken)
    return json.loads((taken / NVS_FILE).read_text())["pressel"]["key"]


@pytest.mark.proof
def test_a_second_board_with_the_address_of_a_badge_gets_another_key(tmp_path: Path) -> None:
    assert _flash(tmp_path, "one", name="Bar 1").warnings == []
    second = _flash(tmp_path, "two")
    assert "--twin" in second.warnings[0] and second.device == FIRST
    assert _key(tmp_path, "one") != _key(tmp_path, "two")
    with Registry(tmp_path / "leader") as registry:
        agreed((tmp_path / "two").read_bytes(), CHIP, registry, FIRST)
        assert registry.device(FIRST).epoch == 2 and registry.device(FIRST).name == "Bar 1"
    assert _flash(tmp_path, "one").warnings  # now it is the one that is out
    assert _key(tmp_path, "one") != _key(tmp_path, "two")
    assert _flash(tmp_path, "one").warnings == []


def test_a_twin_gets_an_identity_of_its_own_and_both_keep_theirs(tmp_path: Path) -> None:
    assert _flash(tmp_path, "one", name="Bar 1").device == FIRST
    twin = _flash(tmp_path, "two", twin=True)
    assert twin.device != FIRST and twin.device.startswith(MAC.hex()) and not twin.warnings
    assert twin.name == f"badge {twin.device[-4:]}"
    for board, device in (("one", FIRST), ("two", twin.device)):
        again = _flash(tmp_path, board)
        assert again.device == device and not again.warnings
    with Registry(tmp_path / "leader") as registry:
        assert states(registry) == {FIRST: "active", twin.device: "active"}
    (tmp_path / "one").unlink()  # erased: which of the two it was, nobody knows
    with pytest.raises(FlashError) as caught:
        _flash(tmp_path, "one")
    assert caught.value.code == "which-twin" and "Bar 1" in str(caught.value)
    with Registry(tmp_path / "leader") as registry:
        registry.revoke(FIRST)
    assert _flash(tmp_path, "one", twin=True).device not in (FIRST, twin.device)


@pytest.mark.proof
def test_a_fleet_with_a_mute_stub_a_twin_and_a_badge_without_key(tmp_path: Path) -> None:
    """Eight at once: the three are named, the others are made, no key lies in two of them."""
    faults = {1: Faults(mute_at="stub"), 5: Faults(no_key=True)}
    macs = {n: bytes([2, 0, 0, 0, 0, 2 if n == 7 else n]) for n in range(8)}
    badges = [_board(tmp_path, f"flash{n}", macs[n], faults.get(n)) for n in range(8)]
    registry = functools.partial(Registry, tmp_path / "leader")
    for badge in badges:
        badge.start()
    try:
        ports = [badge.port for badge in badges]
        outcomes = flash_fleet(ports, make_order(tmp_path, CHIP), registry)
    finally:
        for badge in badges:
            badge.stop()
    codes = [each.code for each in outcomes]
    assert codes[1] in ("mute", "stuck") and codes[5] == "no-key"
    assert sorted((codes[2], codes[7])) == ["", "one-address"]
    assert [codes[n] for n in (0, 3, 4, 6)] == [""] * 4
    refused = outcomes[2 if codes[2] else 7]
    assert "two cables" in refused.error and ports[2] in refused.error and ports[7] in refused.error
    made = [n for n in range(8) if not codes[n]]
    assert len({_key(tmp_path, f"flash{n}") for n in made}) == 5
    with registry() as opened:
        assert len(states(opened)) == 5


@pytest.mark.parametrize("name", [b"\x1b[2J", b"n" * 33, b"\xff\xfe", b"", "Café 🍕".encode()])
def test_a_name_that_no_registry_takes_is_not_kept(tmp_path: Path, name: bytes) -> None:
    """Whatever lies in a badge's storage: it would be refused only when all is written."""
    kept: Kept = {"device": MAC + bytes(2), "key": bytes(32), "name": name}
    with Registry(tmp_path / "leader") as registry:
        identity = choose_identity("port", MAC, kept, registry)
        assert identity.name == ("Café 🍕" if b"Caf" in name else f"badge {MAC[-2:].hex()}")
        register(registry, identity, "", ())
        assert registry.key(FIRST) == bytes(32)


def test_a_name_that_another_badge_has_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """Else the badge would hold a key that the registry refuses with the name."""
    with Registry(tmp_path / "leader") as registry:
        registry.adopt(b"other678".hex(), "Bar 1", bytes(32))
    with pytest.raises(UsageError, match="'Bar 1' already"):
        _flash(tmp_path, "one", name="bar l")
    assert not (tmp_path / "one").exists()  # the flash is a file from the first write on
    assert _flash(tmp_path, "one", name="Bar 2").name == "Bar 2"
    before = (tmp_path / "one").read_bytes()
    with (
        _board(tmp_path, "one") as badge,
        Registry(tmp_path / "leader") as registry,
        pytest.raises(UsageError, match="'Bar 1' already"),
    ):
        provision_badge(badge.port, Change(name="BAR 1"), registry, _nothing)
    assert (tmp_path / "one").read_bytes() == before


def test_a_badge_that_is_named_by_nobody_gets_a_free_name(tmp_path: Path) -> None:
    with Registry(tmp_path / "leader") as registry:
        registry.adopt(b"other678".hex(), f"badge {MAC[-2:].hex()}", bytes(32))
    made = _flash(tmp_path, "one")
    assert made.name == f"badge {MAC[-2:].hex()} 2"
    with Registry(tmp_path / "leader") as registry:
        assert registry.device(FIRST).name == made.name


@pytest.mark.proof
def test_two_copies_are_not_provisioned(tmp_path: Path) -> None:
    """Somebody read out one badge's flash and wrote it to others."""
    _flash(tmp_path, "one")
    for copy in ("two", "three"):
        (tmp_path / copy).write_bytes((tmp_path / "one").read_bytes())
    change, claims = Change(name="Bar 9"), Claims()
    with _board(tmp_path, "one") as one, _board(tmp_path, "two") as two:
        provision_badge(one.port, change, None, _nothing, claims=claims)
        with pytest.raises(FlashError) as caught:
            provision_badge(two.port, change, None, _nothing, claims=claims)
        assert caught.value.code == "one-address" and one.port in str(caught.value)
    other = bytes.fromhex("020000000009")
    with _board(tmp_path, "three", other) as three:
        with pytest.raises(FlashError) as caught:
            provision_badge(three.port, change, None, _nothing)
        assert caught.value.code == "copied" and FIRST in str(caught.value)
        with Registry(tmp_path / "leader") as registry:
            made = flash_badge(three.port, make_order(tmp_path, CHIP), registry, _nothing)
    assert made.device == other.hex() + "0000"
    assert _key(tmp_path, "three") != _key(tmp_path, "one")
