"""A copy of the registry while it is in use, and the way back.

A backup holds keys only as they rest in the registry: without the key file it opens nothing.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from pressel.errors import PresselError, UsageError
from pressel.ledger.broken import BrokenError
from pressel.registry import backup_file, secret_file, tables
from pressel.registry.chains import LOG_TABLES
from pressel.registry.database import DATABASE, DamagedError, is_of_full_disk
from pressel.registry.device import REVOKED
from pressel.registry.identity import IDENTITY_FILE, identity
from pressel.registry.log import REGISTRY, Log
from pressel.registry.store import Registry
from pressel.registry.vault import KEY_FILE, Vault, vault_of


def back_up(folder: Path, target: Path, *, is_former: bool = False) -> None:
    """Copy the registry in `folder` to the new file `target`, mode 0600; `is_former`: as the former
    version of Pressel reads it, without the log."""
    if target.exists():
        raise UsageError(f"{target} exists and is left as it is; choose another name")
    with Registry(folder):  # makes sure that it is one, and up to date
        pass
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            copy = Path(scratch) / "copy"
            os.close(os.open(copy, os.O_RDWR | os.O_CREAT, 0o600))
            _copy(folder / DATABASE, copy)
            if is_former:
                with closing(sqlite3.connect(copy, isolation_level=None)) as db:
                    db.execute("PRAGMA secure_delete = ON")
                    tables.step_back(db)
                    db.execute("VACUUM")
            if not is_former:
                vault = vault_of(folder)
                copy.write_bytes(backup_file.packed(vault, copy.read_bytes()))
            with copy.open("rb") as written:
                os.fsync(written.fileno())
            os.link(copy, target)
            secret_file.sync_folder(target.parent)
    except FileExistsError:
        raise UsageError(f"{target} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise PresselError(f"the backup failed: {error}") from error


def set_aside(folder: Path) -> Path | None:
    """Take the registry in `folder` out of the way if it is damaged, and say where it is then: of
    what it held, nothing can be kept. Nobody may have it open. None when it is whole."""
    try:
        _present(folder)
        return None
    except DamagedError:
        aside = folder / f"{DATABASE}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        for each in ("-wal", "-shm"):  # they would be taken for parts of the next one
            (folder / (DATABASE + each)).unlink(missing_ok=True)
        (folder / DATABASE).rename(aside)
        return aside


def restore(folder: Path, source: Path, who: str = "", *, is_unproved: bool = False) -> None:
    """Put the backup `source` in the place of the registry in `folder`, at once for all readers.

    What was revoked since the backup stays revoked, and the log goes on: it tells what `who` has
    restored. UsageError when `source` is no backup, was changed, or is of a registry with another
    key file; nothing is changed then. `is_unproved`: take one of an earlier version, too.
    """
    if not source.is_file():
        raise UsageError(f"there is no backup {source}")
    vault = vault_of(folder)
    data = backup_file.unpacked(vault, source, is_unproved=is_unproved)
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            copy = Path(scratch) / "copy"
            _import(data, Path(scratch) / "given", copy, source)
            changes, version, revoked = _present(folder)
            with closing(sqlite3.connect(copy, isolation_level=None)) as db:
                _check(db, source, vault)
                log = Log(db, vault, identity(folder), time.time)
                if not is_unproved:
                    _check_log(log, source)
                db.execute("BEGIN")
                log.who = who
                if (folder / DATABASE).exists():
                    _keep_log(db, folder, log)
                for row in revoked:
                    marks = ", ".join("?" * len(row))
                    db.execute(f"INSERT OR REPLACE INTO device VALUES ({marks})", row)
                # Readers poll for another number than their last one; other hosts follow the list
                # with the higher version.
                db.execute(
                    "UPDATE registry SET changes = max(changes, ?) + 1, "
                    "version = max(version, ?) + 1",
                    (changes, version),
                )
                if not log.holds():  # what is broken is left behind
                    log.chains.forget()
                if not log.is_begun():
                    log.begin()
                log.note("registry restore", REGISTRY, {"restored": 1})
                log.touch_all()
                log.settle("registry restore")
                db.execute("COMMIT")
            with Registry(folder, is_restored=True):
                pass
            _copy(copy, folder / DATABASE)
    except OSError as error:
        raise UsageError(f"cannot restore {source}: {error.strerror}") from error
    except sqlite3.Error as error:
        if is_of_full_disk(error, folder / DATABASE):
            raise UsageError(f"cannot restore {source}: the disk of {folder} is full") from error
        raise UsageError(f"{source} is not a backup of a registry ({error})") from error


def _present(folder: Path) -> tuple[int, int, list[tuple]]:
    """The change counter, the version and the rows of revoked devices of today's registry, if there
    is one."""
    if not (folder / DATABASE).exists():
        return 0, 0, []
    with Registry(folder, is_restored=True) as registry:
        changes, version = registry.changes(), registry.version()
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        revoked = db.execute("SELECT * FROM device WHERE state = ?", (REVOKED,)).fetchall()
    return changes, version, revoked


def _keep_log(db: sqlite3.Connection, folder: Path, log: Log) -> None:
    """Today's log in the place of the backup's in `db`, which is older; unless it is broken."""
    with closing(sqlite3.connect(folder / DATABASE)) as today:
        rows = {table: today.execute(f"SELECT * FROM {table}").fetchall() for table in LOG_TABLES}
    db.execute("SAVEPOINT former")
    log.chains.forget()
    for table in LOG_TABLES:
        for row in rows[table]:
            marks = ", ".join("?" * len(row))
            db.execute(f"INSERT INTO {table} VALUES ({marks})", row)
    if not log.holds():
        db.execute("ROLLBACK TO former")
    db.execute("RELEASE former")


def _import(data: bytes, given: Path, target: Path, source: Path) -> None:
    """Make `target` a registry of today with the rows of the SQLite file `data`, which is opened as
    `given`. Rows only: triggers and tables that are not ours would act on it later."""
    given.write_bytes(data)
    with (
        closing(sqlite3.connect(given, isolation_level=None)) as old,
        closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        old.execute("PRAGMA trusted_schema = OFF")
        tables.check_ours(old, source)
        if old.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise UsageError(f"{source} is damaged; use an older backup")
        tables.migrate(old, source)
        tables.migrate(new, target)
        new.execute("BEGIN")
        for table in tables.names(new):
            rows = old.execute(f"SELECT * FROM {table}").fetchall()
            new.execute(f"DELETE FROM {table}")
            for row in rows:
                marks = ", ".join("?" * len(row))
                new.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        # Triggers have counted while rows came in.
        changes = old.execute("SELECT changes, version FROM registry").fetchone()
        new.execute("UPDATE registry SET changes = ?, version = ?", changes)
        new.execute("COMMIT")


def _check(db: sqlite3.Connection, source: Path, vault: Vault) -> None:
    if db.execute("SELECT mark FROM registry").fetchone() != (vault.mark,):
        raise UsageError(
            f"{source} belongs to another key file; put that key file next to the registry"
        )


def _check_log(log: Log, source: Path) -> None:
    """Its tables are what its log says: else somebody has changed the registry behind the log's
    back before it was copied."""
    try:
        log.check()
    except BrokenError as error:
        raise UsageError(
            f"{source} is not what its own log says: {error}; use an older backup, or restore it "
            "with --unproved if nobody else could write to that registry"
        ) from None


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def try_out(folder: Path, source: Path, *, is_unproved: bool = False) -> int:
    """Restore the backup `source` of the registry in `folder` somewhere else, and throw that away;
    how many devices came back. UsageError or PresselError when it does not hold."""
    with tempfile.TemporaryDirectory(prefix="pressel-") as scratch:
        elsewhere = Path(scratch)
        vault_of(folder)
        # Its own identity, too: which hosts may take part, the log believes of this host alone.
        for name in (KEY_FILE, IDENTITY_FILE):
            if (folder / name).exists():
                secret_file.write_private(elsewhere / name, (folder / name).read_text("ascii"))
        restore(elsewhere, source, is_unproved=is_unproved)
        with Registry(elsewhere) as registry:
            return len(registry.devices())
