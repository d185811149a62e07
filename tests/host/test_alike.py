"""No two devices are called so that people take one for the other, and none as Pressel itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.host.log_venue import ANN, BEN, CYD, Venue

from pressel import cli
from pressel.errors import UsageError
from pressel.registry import alike
from pressel.registry.directory import RegistryDirectory
from pressel.registry.store import Registry
from pressel.soft.credential import Credential, enter
from pressel.soft.words import describe
from ptt.base import events
from ptt.base.numbers import NAME_BYTES_MAX
from ptt.wire import messages

KEY = bytes(32)

ALIKE = [
    ("Ann", "ann"),
    ("Ann", "\u0410nn"),  # Cyrillic A
    ("Ann", "ANN "),
    ("Ann", "A-n.n"),
    ("Ann", "\uff21\uff4e\uff4e"),  # wide
    ("Bill", "Bi11"),
    ("Ian", "lan"),
    ("Bob", "B0b"),
    ("Marn", "Mam"),
    ("\u0420\u043e\u043c\u0430", "Poma"),  # all of it Cyrillic
    ("\u039d\u03b9\u03ba\u03bf", "Niko"),  # some of it Greek
    ("Gate 1", "gate-l"),
]
APART = [("Ann", "Ana"), ("Ann", "Ann 2"), ("Gate 1", "Gate 11"), ("Rene", "Ren\u00e9"), ("!", "?")]
RESERVED = [
    "operator",
    "Operator",
    "\u043eperator",
    "0perator",
    "v1 bridge",
    "V1-Bridge 2",
    "vl bridge",
    "Ann (old app)",
    "Eve (leader box)",
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_row_21_names_of_one_look_are_one(tmp_path: Path, one: str, other: str) -> None:
    with Registry(tmp_path) as registry:
        registry.enrol(ANN, one)
        for give in (
            lambda: registry.enrol(BEN, other.strip()),
            lambda: registry.adopt(BEN, other.strip(), KEY),
        ):
            with pytest.raises(UsageError, match="looks the same"):
                give()
        registry.enrol(BEN, "Ben")
        with pytest.raises(UsageError, match="looks the same"):
            registry.rename(BEN, other)
        registry.rename(ANN, other)  # its own may be written otherwise
        registry.revoke(ANN)
        registry.rename(BEN, one)  # and is free when it is gone


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_that_differ_to_the_eye_are_two(one: str, other: str) -> None:
    alike.check_free(one, [other])


@pytest.mark.parametrize("name", RESERVED)
def test_nobody_is_called_as_pressel_itself(tmp_path: Path, name: str) -> None:
    with Registry(tmp_path) as registry:
        registry.enrol(BEN, "Crane operator")
        code = registry.invite()
        for give in (
            lambda: registry.enrol(ANN, name),
            lambda: registry.adopt(ANN, name, KEY),
            lambda: registry.rename(BEN, name),
            lambda: registry.redeem(code, ANN, name, KEY),
            lambda: registry.ask(ANN, name, KEY, code),
        ):
            with pytest.raises(UsageError, match="Pressel itself"):
                give()


def test_who_comes_over_the_network_gets_a_number(tmp_path: Path) -> None:
    """A newcomer cannot know who is there already."""
    with Registry(tmp_path) as registry:
        for number in range(3):
            registry.redeem(registry.invite(), f"{number:016x}", "soft badge", KEY)
        registry.ask(ANN, "Soft Badge", KEY, "ACDE-FHJK")
        enter(registry, Credential(bytes(7) + b"\x09", KEY), "soft badge")
        names = [each.name for each in registry.devices()]
    assert names == sorted(names, key=lambda name: names.index(name))
    assert set(names) == {
        "soft badge", "soft badge 2", "soft badge 3", "Soft Badge 4", "soft badge 5",
    }  # fmt: skip
    long = "x" * NAME_BYTES_MAX
    assert len(alike.free(long, [long])) == NAME_BYTES_MAX


def test_bridges_of_hosts_have_their_names_to_themselves(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        for number in (1, 2):
            own = Credential(bytes(7) + bytes([number]), KEY)
            enter(registry, own, "v1 bridge", registry.adopt_own)
        assert [each.name for each in registry.devices()] == ["v1 bridge", "v1 bridge 2"]


def test_two_that_came_in_on_both_sides_of_a_split_are_told_apart(venue: Venue) -> None:
    """And so are those that an older version has let in; on all hosts in the same way."""
    venue.lead("a", 100).adopt(ANN, "Ann", KEY)
    venue.lead("b", 200).adopt(BEN, "\u0410nn", KEY)
    venue.lead("b", 200).adopt(CYD, "Cyd", KEY)
    venue.meet()
    venue.agree()
    for registry in venue.at.values():
        shown = RegistryDirectory(registry)
        assert shown.name(bytes.fromhex(ANN)) == f"Ann #{ANN[-4:]}".encode()
        assert shown.name(bytes.fromhex(BEN)) == f"\u0410nn #{BEN[-4:]}".encode()
        assert shown.name(bytes.fromhex(CYD)) == b"Cyd"


def test_commands_say_who_has_the_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def add(name: str, device: str) -> int:
        file = str(tmp_path / f"{device}.json")
        words = ("device", "add", name, "--id", device, "--key-file", file)
        return cli.main([*words, "--state", str(tmp_path / "state")])

    assert add("Ann", ANN) == 0
    capsys.readouterr()
    assert add("\u0410nn", BEN) == 2
    err = capsys.readouterr().err
    assert "there is a 'Ann' already, which looks the same" in err and "Traceback" not in err


def test_what_the_operator_writes_is_shown_by_its_kind() -> None:
    told = (messages.TEXT_OPERATOR, 0, b"operator", b"fire drill")
    assert describe(events.TEXT, told) == "operator (leader box): fire drill"
    told = (messages.TEXT_LEGACY, 0, b"operator", b"go home")
    assert describe(events.TEXT, told) == "operator (old app): go home"
