"""Backups of the registry: what comes back, and what is taken for none."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.host.registry_file import ANN, BEN

from pressel.errors import UsageError
from pressel.registry import backup, backup_file
from pressel.registry.store import Registry


def sql_in(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def test_backup_and_restore(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as running:
        key = running.enrol(ANN, "Ann")
        running.enrol(BEN, "Ben")
        backup.back_up(folder, tmp_path / "copy")
        assert (tmp_path / "copy").stat().st_mode & 0o77 == 0
        with pytest.raises(UsageError, match="exists"):
            backup.back_up(folder, tmp_path / "copy")
        running.rename(ANN, "Anna")
        running.revoke(BEN)
        before = running.changes()
        backup.restore(folder, tmp_path / "copy")
        assert running.device(ANN).name == "Ann" and running.key(ANN) == key
        assert running.key(BEN) is None  # a backup brings no stolen badge back
        assert running.changes() > before


def test_what_is_no_backup_of_ours_changes_nothing(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as running, Registry(tmp_path / "other") as other:
        running.enrol(ANN, "Ann")
        other.enrol(BEN, "Ben")
        backup.back_up(tmp_path / "other", tmp_path / "foreign")
        (tmp_path / "text").write_text("no database at all, but longer than its header" * 9)
        (tmp_path / "empty").write_bytes(b"")
        for name in ("foreign", "text", "empty", "missing"):
            with pytest.raises(UsageError):
                backup.restore(folder, tmp_path / name)
        assert [each.id for each in running.devices()] == [ANN]


BACKED = (
    "UPDATE device SET state = 'active', sealed_key = x'00' WHERE state = 'revoked'",
    f"INSERT INTO host VALUES ('{'ab' * 32}', 'stranger', 1)",
    "CREATE TRIGGER evil AFTER UPDATE ON device BEGIN UPDATE device SET priority = 9; END",
)


@pytest.mark.parametrize("statement", BACKED)
def test_a_tampered_backup_is_refused(folder: Path, tmp_path: Path, statement: str) -> None:
    """As it is, and with the proof left out: it brings no row that it was given."""
    with Registry(folder) as running:
        running.enrol(ANN, "Ann")
        running.enrol(BEN, "Ben")
        running.revoke(BEN)
    backup.back_up(folder, tmp_path / "copy")
    line, _, data = (tmp_path / "copy").read_bytes().partition(b"\n")
    plain = tmp_path / "plain"
    plain.write_bytes(data)
    sql_in(plain, statement)
    (tmp_path / "copy").write_bytes(line + b"\n" + plain.read_bytes())
    with pytest.raises(UsageError, match="was changed since it was written"):
        backup.restore(folder, tmp_path / "copy")
    with pytest.raises(UsageError, match="anybody may have changed"):
        backup.restore(folder, plain)
    if "TRIGGER" in statement:
        with pytest.raises(UsageError, match="no backup of a registry"):
            backup.restore(folder, plain, is_unproved=True)
    with Registry(folder) as running:
        assert running.key(ANN) and running.key(BEN) is None
        assert running.hosts() == []


def test_any_byte_of_a_backup_counts(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as running:
        running.enrol(ANN, "Ann")
    backup.back_up(folder, tmp_path / "copy")
    right = (tmp_path / "copy").read_bytes()
    chance = random.Random(18)
    for at in [*range(200), *(chance.randrange(len(right)) for _ in range(200))]:
        wrong = bytearray(right)
        wrong[at] ^= 1 << chance.randrange(8)
        (tmp_path / "copy").write_bytes(wrong)
        with pytest.raises(UsageError):
            backup.restore(folder, tmp_path / "copy")
    with pytest.raises(UsageError, match="too large"):
        with (tmp_path / "copy").open("r+b") as file:
            file.truncate(backup_file.BYTES_MAX + 1)
        backup.restore(folder, tmp_path / "copy")


@pytest.mark.parametrize("is_former", [False, True])
def test_a_backup_without_a_proof_is_taken_when_it_is_wanted(
    folder: Path, tmp_path: Path, is_former: bool
) -> None:
    """Made by an earlier version, or cut out of one of ours."""
    with Registry(folder) as running:
        key = running.enrol(ANN, "Ann")
        backup.back_up(folder, tmp_path / "copy", is_former=is_former)
        if not is_former:
            _, _, data = (tmp_path / "copy").read_bytes().partition(b"\n")
            (tmp_path / "copy").write_bytes(data)
        running.rename(ANN, "Anna")
        backup.restore(folder, tmp_path / "copy", is_unproved=True)
        assert running.device(ANN).name == "Ann" and running.key(ANN) == key
