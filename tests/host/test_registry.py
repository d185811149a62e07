"""The registry: which devices and invitations it keeps, and how each ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.host.registry_file import ANN, BEN, CODE, KEY, sql

from pressel.errors import UsageError
from pressel.node.desk.devices import verbs
from pressel.registry import device_table, identity
from pressel.registry.code import INVITES_MAX, TRIES, place_of, plain_code
from pressel.registry.device import ACTIVE, PENDING, Entitlements
from pressel.registry.device_table import PENDING_MAX, PENDING_S
from pressel.registry.store import Registry


def test_a_device_is_kept(folder: Path) -> None:
    with Registry(folder) as registry:
        key = registry.enrol(ANN.upper(), "Ann", [3, 1, 3], Entitlements(True, 2))
        assert len(key) == 32
    with Registry(folder) as registry:
        known = registry.device(ANN)
        assert (known.name, known.groups, known.state, known.epoch) == ("Ann", (3, 1), "active", 1)
        assert known.entitlements == Entitlements(True, 2)
        assert registry.key(ANN) == key


def test_revocation_and_rotation_end_a_key(folder: Path) -> None:
    with Registry(folder) as registry:
        first = registry.enrol(ANN, "Ann")
        second = registry.rotate(ANN)
        assert first != second and registry.key(ANN) == second
        assert registry.device(ANN).epoch == 2
        registry.revoke(ANN)
        registry.revoke(ANN)  # twice is no error
        assert registry.key(ANN) is None
        assert sql(folder, "SELECT sealed_key FROM device") == [(None,)]
        for call in (registry.rotate, registry.approve, lambda i: registry.replace(i, BEN)):
            with pytest.raises(UsageError, match="revoked"):
                call(ANN)
        with pytest.raises(UsageError, match="known already"):
            registry.enrol(ANN, "Ann")


def test_a_replacement_takes_the_place(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann", [2, 5], Entitlements(True, 3))
        key = registry.replace(ANN, BEN)
        new = registry.device(BEN)
        assert (new.name, new.groups) == ("Ann", (2, 5))
        assert new.entitlements == Entitlements(True, 3)
        assert registry.key(BEN) == key and registry.key(ANN) is None
        for other, reason in ((ANN, "revoked"), (BEN, "its own place")):
            with pytest.raises(UsageError, match=reason):
                registry.replace(BEN, other)
        assert registry.key(BEN) == key  # nothing was half done


def test_a_spare_that_is_known_already_keeps_its_key_in_the_place_of_another(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann", [2, 5], Entitlements(True, 3))
        key = registry.enrol(BEN, "spare")
        assert registry.replace(ANN, BEN) == key
        new = registry.device(BEN)
        assert (new.name, new.groups, new.entitlements.priority) == ("Ann", (2, 5), 3)
        assert registry.key(ANN) is None


def test_a_badge_that_was_made_anew_brings_its_own_key(folder: Path) -> None:
    """Also when a host that runs is asked, which has the key in hexadecimal."""
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann", [3])
        assert registry.rotate(ANN, b"k" * 32) == registry.key(ANN) == b"k" * 32
        asked = {verb.name: verb.answer for verb in verbs(lambda act: act(registry))}
        told = asked["device rotate"]({"id": ANN, "key": (b"m" * 32).hex()})
        assert told == (b"m" * 32).hex() and registry.key(ANN) == b"m" * 32
        assert (registry.device(ANN).epoch, registry.device(ANN).groups) == (3, (3,))
        with pytest.raises(UsageError, match="32 bytes"):
            registry.rotate(ANN, b"short")


def test_a_flashed_badge_is_adopted_with_its_key_and_its_former_identity_ends(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.ask(BEN, "Ben", bytes(32), CODE)
        registry.adopt(BEN, "Ben", b"k" * 32, (3,), former=(ANN,))
        assert registry.key(BEN) == b"k" * 32 and registry.device(BEN).groups == (3,)
        assert registry.device(ANN).state == "revoked"
        with pytest.raises(UsageError, match="meanwhile"):
            registry.adopt("00" * 8, "Cat", bytes(32), former=(ANN,))
        assert "00" * 8 not in {each.id for each in registry.devices()}  # nothing was half done


def test_pending_devices_have_no_key_yet_and_are_bounded(folder: Path) -> None:
    with Registry(folder) as registry:
        for number in range(PENDING_MAX):
            registry.ask(f"{number:016x}", "x", bytes(32), CODE)
        with pytest.raises(UsageError, match="are waiting already"):
            registry.ask(ANN, "Ann", bytes(32), CODE)
        assert registry.key(f"{0:016x}") is None
        registry.approve(f"{0:016x}", [4])
        assert registry.key(f"{0:016x}") == bytes(32)
        registry.deny(f"{1:016x}")
        registry.ask(ANN, "Ann", bytes(32), CODE)
        with pytest.raises(UsageError, match="active"):
            registry.deny(f"{0:016x}")


def test_an_invitation_is_good_once_and_for_a_while(folder: Path) -> None:
    now = [1000.0]
    with Registry(folder, lambda: now[0]) as registry:
        code = registry.invite([2], 60)
        other = "CCCC-CCCC" if code.startswith("AA") else "AAAA-AAAA"
        assert registry.redeem(other, ANN, "Ann", KEY) is None
        assert registry.redeem(code.lower().replace("-", " "), ANN, "Ann", KEY) == (2,)
        assert registry.key(ANN) == KEY
        assert registry.redeem(code, BEN, "Ben", KEY) is None
        late = registry.invite([2], 60)
        now[0] = 1060.0
        assert registry.redeem(late, BEN, "Ben", KEY) is None
        early = registry.invite([2], 60)
        now[0] = 500.0  # the clock was set back
        assert registry.redeem(early, BEN, "Ben", KEY) is None
        now[0] = 1061.0
        assert registry.redeem(early, BEN, "Ben", KEY) is None  # and it was used up by that
        with pytest.raises(UsageError, match="8 letters"):
            registry.redeem("0OIL", BEN, "Ben", KEY)
        assert [each.id for each in registry.devices()] == [ANN]


def test_what_is_over_does_not_come_back_with_a_clock_that_is_set_back(folder: Path) -> None:
    now = [1000.0]
    with Registry(folder, lambda: now[0]) as registry:
        code = registry.invite([2], 60)
        registry.ask(ANN, "Ann", KEY, CODE)
        now[0] += PENDING_S + 1
        registry.forget_old()  # as a leader does all the time
        now[0] = 1001.0
        assert registry.redeem(code, BEN, "Ben", KEY) is None
        assert registry.devices() == []


def test_a_code_may_be_tried_three_times(folder: Path) -> None:
    with Registry(folder) as registry:
        place = place_of(plain_code(registry.invite()))
        assert registry.invited(place)
        tries = [registry.try_invitation(place) for _ in range(TRIES + 1)]
        assert tries == [True] * TRIES + [False]
        assert registry.invited(place) is None


def test_open_invitations_have_places_of_their_own(folder: Path) -> None:
    with Registry(folder) as registry:
        codes = {place_of(plain_code(registry.invite())) for _ in range(INVITES_MAX)}
        assert len(codes) == INVITES_MAX
        with pytest.raises(UsageError, match="open"):
            registry.invite()


def test_who_waits_is_named_by_what_it_shows(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.ask(ANN, "Ann", KEY, CODE)
        assert registry.waiting(CODE.lower()) == registry.waiting(ANN) == ANN
        assert registry.ask(ANN, "Ann", KEY, "AAAA-AAAA") == PENDING  # it asks again
        with pytest.raises(UsageError, match="shows"):
            registry.waiting(CODE)
        with pytest.raises(UsageError, match="another key or state"):
            registry.ask(ANN, "Ann", bytes(32), CODE)  # somebody who has seen its id
        registry.approve(registry.waiting("AAAA-AAAA"))
        assert registry.ask(ANN, "Ann", KEY, CODE) == ACTIVE
        assert registry.device(ANN).check_code is None


@pytest.mark.parametrize(
    "call",
    (
        pytest.param(lambda r: r.enrol("xyz", "Ann"), id="id"),
        pytest.param(lambda r: r.enrol(ANN, ""), id="name-empty"),
        pytest.param(lambda r: r.enrol(ANN, "a\nb"), id="name-line"),
        pytest.param(lambda r: r.enrol(ANN, "x" * 33), id="name-long"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", []), id="no-group"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", [0]), id="group-0"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", [256]), id="group-256"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", [1], Entitlements(False, 8)), id="priority"),
        pytest.param(lambda r: r.ask(ANN, "Ann", bytes(31), CODE), id="key"),
        pytest.param(lambda r: r.allow_host("box", "00"), id="host-key"),
        pytest.param(lambda r: r.invite([1], 0), id="invite"),
        pytest.param(lambda r: r.device(BEN), id="unknown"),
    ),
)
def test_what_is_out_of_range_changes_nothing(folder: Path, call) -> None:
    with Registry(folder) as registry:
        before = registry.changes()
        with pytest.raises(UsageError):
            call(registry)
        assert registry.changes() == before and registry.devices() == []


def test_a_host_keeps_its_identity(folder: Path) -> None:
    key = identity.public_key(folder)
    assert identity.public_key(folder) == key and len(key) == 64
    assert (folder / identity.IDENTITY_FILE).stat().st_mode & 0o77 == 0


def test_row_35_the_first_device_that_standbys_would_not_learn_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever way it comes; one that takes another's place may come."""
    monkeypatch.setattr(device_table, "DEVICES_MAX", 3)
    ids = [f"{number:016x}" for number in range(9)]
    with Registry(tmp_path) as registry:
        for each in ids[:3]:
            registry.enrol(each, each[-1])
        registry.ask(ids[3], "Dan", bytes(32), CODE)
        code = registry.invite()
        for come in (
            lambda: registry.enrol(ids[4], "Eve"),
            lambda: registry.adopt(ids[5], "Fay", bytes(32)),
            lambda: registry.approve(ids[3]),
            lambda: registry.redeem(code, ids[6], "Gus", bytes(32)),
        ):
            with pytest.raises(UsageError, match="at most 3 devices"):
                come()
        assert [each.id for each in registry.devices(ACTIVE)] == ids[:3]
        registry.replace(ids[0], ids[7])
        registry.adopt(ids[5], "Fay", bytes(32), former=(ids[1],))
        registry.revoke(ids[2])
        registry.approve(ids[3])
        assert len(registry.devices(ACTIVE)) == 3
