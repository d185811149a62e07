"""A copy of the registry while it is in use, and the way back.

A backup holds keys only as they rest in the registry: without the key file it opens nothing.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from pressel.errors import PresselError, UsageError
from pressel.registry import secret_file, tables
from pressel.registry.database import DATABASE, KEY_FILE, KEY_KIND
from pressel.registry.device import REVOKED
from pressel.registry.store import Registry
from pressel.registry.vault import Vault


def back_up(folder: Path, target: Path) -> None:
    """Copy the registry in `folder` to the new file `target`, mode 0600."""
    if target.exists():
        raise UsageError(f"{target} exists and is left as it is; choose another name")
    with Registry(folder):  # makes sure that it is one, and up to date
        pass
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            copy = Path(scratch) / "copy"
            os.close(os.open(copy, os.O_RDWR | os.O_CREAT, 0o600))
            _copy(folder / DATABASE, copy)
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


def restore(folder: Path, source: Path) -> None:
    """Put the backup `source` in the place of the registry in `folder`, at once for all readers.

    What was revoked since the backup stays revoked. UsageError when `source` is no backup, or of
    a registry with another key file; nothing is changed then.
    """
    if not source.is_file():
        raise UsageError(f"there is no backup {source}")
    vault = Vault(secret_file.load(folder / KEY_FILE, KEY_KIND))
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            copy = Path(scratch) / "copy"
            _copy(source, copy)
            changes, version, revoked = _present(folder)
            with closing(sqlite3.connect(copy, isolation_level=None)) as db:
                _check(db, source, vault)
                for device in revoked:
                    what = "state = ?, sealed_key = NULL"
                    db.execute(f"UPDATE device SET {what} WHERE id = ?", (REVOKED, device))
                # Readers poll for another number than their last one; other hosts follow the list
                # with the higher version.
                db.execute(
                    "UPDATE registry SET changes = max(changes, ?) + 1, "
                    "version = max(version, ?) + 1",
                    (changes, version),
                )
            with Registry(folder, is_restored=True):
                pass
            _copy(copy, folder / DATABASE)
    except OSError as error:
        raise UsageError(f"cannot restore {source}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise UsageError(f"{source} is not a backup of a registry ({error})") from error


def _present(folder: Path) -> tuple[int, int, list[str]]:
    """The change counter, the version and the revoked devices of today's registry, if there is
    one."""
    if not (folder / DATABASE).exists():
        return 0, 0, []
    with Registry(folder, is_restored=True) as registry:
        revoked = [each.id for each in registry.devices(REVOKED)]
        return registry.changes(), registry.version(), revoked


def _check(db: sqlite3.Connection, source: Path, vault: Vault) -> None:
    if db.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        raise UsageError(f"{source} is damaged; use an older backup")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        raise UsageError(f"{source} is no backup of a registry")
    tables.migrate(db, source)
    if db.execute("SELECT mark FROM registry").fetchone()[0] != vault.mark:
        raise UsageError(
            f"{source} belongs to another key file; put that key file next to the registry"
        )


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
