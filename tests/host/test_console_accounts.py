"""The console's accounts, its sessions, and the tries of who guesses passwords."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.host.console_stage import (
    PASSWORD,
    QUICK,
    stage,
)

from pressel.console.accounts import ACCOUNTS_MAX, Accounts
from pressel.console.secrets_kept import ACCOUNTS
from pressel.console.sessions import IDLE_S, SESSIONS_MAX, TRIES, Sessions, Tries
from pressel.errors import PresselError, UsageError

__all__ = ["stage"]


def test_an_account_file_is_for_its_user_alone_and_has_no_password(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, QUICK)
    accounts.put("Olga", "own", PASSWORD)
    file = tmp_path / ACCOUNTS
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in file.read_text() and "$argon2id$" in file.read_text()
    assert accounts.check("Olga", PASSWORD) == "own"
    assert accounts.check("Olga", PASSWORD + "x") is None
    assert accounts.check("Nobody", PASSWORD) is None


def test_what_no_account_can_be(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, QUICK)
    for name, role, password in (
        ("", "own", PASSWORD), ("x" * 33, "own", PASSWORD), ("a\nb", "own", PASSWORD),
        ("a", "root", PASSWORD), ("a", "own", "short"), ("a", "own", "x" * 201),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            accounts.put(name, role, password)
    (tmp_path / ACCOUNTS).write_text("{")
    with pytest.raises(PresselError, match="damaged"):
        accounts.all()


def test_there_is_an_end_to_accounts(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, QUICK)
    for number in range(ACCOUNTS_MAX):
        accounts.put(f"n{number}", "own", PASSWORD)
    with pytest.raises(UsageError, match="remove one first"):
        accounts.put("one more", "see", PASSWORD)


def test_sessions_end_and_have_a_limit() -> None:
    sessions = Sessions()
    cookie = sessions.begin("Olga", "", 0)
    assert sessions.find(cookie, IDLE_S) is not None
    assert sessions.find(cookie, 2 * IDLE_S + 1) is None
    first = sessions.begin("Olga", "", 0)
    for _ in range(SESSIONS_MAX):
        sessions.begin("Ben", "", 0)
    assert sessions.find(first, 0) is None


def test_tries_are_forgotten_after_a_while_and_have_a_limit() -> None:
    tries = Tries()
    for _ in range(TRIES):
        tries.failed("a", 0)
    assert not tries.may_try("a", 59) and tries.may_try("a", 61) and tries.may_try("b", 0)
    for number in range(100_000):
        tries.failed(str(number), 0)
    assert len(tries._wrong) <= 4096
