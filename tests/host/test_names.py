"""A device is meant by its name, its id, or the beginning of either."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pressel import cli
from pressel.boards.board import load_board
from pressel.errors import UsageError
from pressel.registry.choice import check_free, chosen
from pressel.registry.device import ACTIVE, REVOKED, Device, Entitlements
from pressel.registry.store import Registry


def device(number: int, name: str, state: str = ACTIVE) -> Device:
    return Device(f"{number:016x}", name, (1,), Entitlements(), state, 1, 0, 0)


ANN, ANNA, BEN = device(0xA1 << 56, "Ann"), device(0xA2 << 56, "Anna"), device(0xB1 << 56, "Ben")
FORMER = device(0xC1 << 56, "Ben", REVOKED)
ALL = [ANN, ANNA, BEN, FORMER]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Ann", ANN),  # whole, although Anna begins like it
        ("ann", ANN),
        ("anna", ANNA),
        ("b", BEN),  # who is revoked is not meant where somebody else may be
        ("a2", ANNA),
        ("A2" + 14 * "0", ANNA),
        ("c1", FORMER),
    ],
)
def test_who_is_meant(word: str, meant: Device) -> None:
    assert chosen(ALL, word) is meant


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Jose", "José Ñandú"), ("jose nandu", "José Ñandú"), ("nandu", "José Ñandú"),
        ("Иванов", "Мария Иванова"), ("марья", "Мария Иванова"),
        ("Lukas", "Łukasz"), ("田中", "田中さくら"), ("さくら", None), ("", None),
    ],
)  # fmt: skip
def test_who_types_without_accents_or_one_word_is_told_the_name(word: str, name: str) -> None:
    names = ("José Ñandú", "Мария Иванова", "Straße", "Łukasz", "Ann")
    known = [device(0xD0 + number << 56, each) for number, each in enumerate(names)]
    with pytest.raises(UsageError) as error:
        chosen(known, word)
    assert ("did you mean" in str(error.value)) is (name in names)
    assert name not in names or f"did you mean '{name}'?" in str(error.value)


def test_who_is_to_be_forgotten_is_the_revoked_one() -> None:
    assert chosen(ALL, "Ben", prefers_revoked=True) is FORMER


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("an", "may be Ann (a100000000000000) or Anna (a200000000000000)"),
        ("Bem", "did you mean 'Ben'"),
        ("Zoe", "device list --all"),
        ("", "no device is called"),
    ],
)
def test_who_is_not_clear(word: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        chosen(ALL, word)
    assert said in str(error.value)


def test_two_of_one_name_need_their_ids() -> None:
    twin = device(0xD1 << 56, "Ann")
    with pytest.raises(UsageError, match="d100"):
        chosen([*ALL, twin], "Ann")
    assert chosen([*ALL, twin], "d1") is twin


def test_a_name_is_given_once() -> None:
    check_free(ALL, "Cy")
    check_free(ALL, "ANN", but=ANN.id)
    with pytest.raises(UsageError, match="--same-name"):
        check_free(ALL, "ANN")
    check_free([FORMER], "Ben")  # whoever had it may not take part any more


def test_commands_take_names(tmp_path: Path, capsys) -> None:
    state = ["--state", str(tmp_path / "state")]
    key = ["--key-file", str(tmp_path / "key.json")]
    assert cli.main(["device", "add", "Ann", *key, *state]) == 0
    (tmp_path / "key.json").unlink()
    assert cli.main(["device", "add", "ann", *key, *state]) == UsageError.exit_code
    assert not (tmp_path / "key.json").exists()
    for words in (["rename", "an", "Anna"], ["group", "Anna", "2", "3"], ["rotate", "anna", *key],
                  ["show", "anna"], ["revoke", "ANNA"], ["erase", "Anna"]):  # fmt: skip
        assert cli.main(["device", *words, *state]) == 0, (words, capsys.readouterr().err)


def test_a_mistyped_command_is_told_the_nearest(capsys) -> None:
    assert cli.main(["devise", "list"]) == UsageError.exit_code
    assert "Did you mean 'device'?" in capsys.readouterr().err
    with pytest.raises(UsageError, match="did you mean 'esp32-devkit'"):
        load_board("esp32-devkot")


def test_row_27_what_cannot_be_undone_is_asked_at_a_terminal(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        registry.enrol("a1" + 14 * "0", "Ann", (1,), Entitlements())
    command = [sys.executable, "-P", "-m", "pressel", "device", "revoke", "Ann"]

    def answered(words: list[str], answer: bytes) -> int:
        ours, theirs = pty.openpty()
        try:
            os.write(ours, answer)
            done = subprocess.run([*command, "--state", str(tmp_path), *words], stdin=theirs,
                                  capture_output=True)  # fmt: skip
        finally:
            os.close(ours)
            os.close(theirs)
        return done.returncode

    def state() -> str:
        with Registry(tmp_path) as registry:
            return registry.devices()[0].state

    assert answered([], b"n\n") == cli.INTERRUPTED
    assert state() == ACTIVE
    assert answered(["--yes"], b"") == 0
    assert state() == REVOKED


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_written_where_the_shell_looks(shell, tmp_path, monkeypatch, capsys) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert cli.main(["completion", "install", shell]) == 0
    (file,) = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert f"_PRESSEL_COMPLETE={shell}_complete" in file.read_text()
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert cli.main(["completion", "show"]) == UsageError.exit_code


def test_the_tab_key_offers_commands_devices_and_boards(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(tmp_path))
    with Registry(tmp_path) as registry:
        registry.enrol("a1" + 14 * "0", "Ann", (1,), Entitlements())

    def offered(*typed: str) -> list[str]:
        from click.shell_completion import ShellComplete

        done = ShellComplete(cli.pressel, {}, "pressel", "_PRESSEL_COMPLETE")
        return [each.value for each in done.get_completions(list(typed[:-1]), typed[-1])]

    assert "device" in offered("dev")
    assert "revoke" in offered("device", "rev")
    assert offered("device", "revoke", "a") == ["Ann"]
    assert "esp32-devkit" in offered("flash", "--board", "esp32-d")
