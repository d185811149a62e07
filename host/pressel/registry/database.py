"""The SQLite file of a registry: opened beside its key file, and changed in transactions.

Every change is on disk before the call returns, with its entry in the log; any number of processes
may have the file open.
What lies in its tables is `store`'s affair.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from pressel.errors import PresselError, UsageError
from pressel.ledger.broken import BrokenError
from pressel.printable import printable
from pressel.private_folder import make_private
from pressel.registry import proved, secret_file, tables
from pressel.registry.identity import identity
from pressel.registry.log import Log
from pressel.registry.vault import KEY_FILE, KEY_KIND, Vault

DATABASE = "registry.sqlite"
_BUSY_S = 10.0  # another process writes for milliseconds
_AGAIN_S = 0.01  # between looks, where SQLite does not wait by itself
# The file of what is not yet in the database: a change is a few dozen pages of 4 KiB, and a
# registry is small. SQLite's own limit is 4 MB, which is more than some disks have left.
_WAL_PAGES = 16
_INDEX_BYTES = 32 * 1024  # a piece of the index beside the log
_WAL_BYTES_MAX = 128 * 1024  # kept when it is empty; a change that was larger gives the rest back


class DamagedError(PresselError):
    """The file is no database any more."""


class Database:
    """The file in `folder` and the vault of its key file; makes what is missing. `now_s` is the
    clock; `is_restored`: a backup is about to fill it. UsageError when only the file is missing: a
    venue that has lost its devices is not a new one."""

    def __init__(
        self,
        folder: Path,
        now_s: Callable[[], float] = time.time,
        *,
        is_restored: bool = False,
    ) -> None:
        self._now_s = now_s
        self._is_restored = is_restored
        self.file = folder / DATABASE
        key_file = folder / KEY_FILE
        try:
            make_private(folder)
            is_new = not self.file.exists()
            if is_new:  # SQLite gives its side files the mode of this one
                os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise UsageError(f"cannot keep the registry in {folder}: {error.strerror}") from error
        self._connect(key_file)

    def _connect(self, key_file: Path) -> None:
        with told(self.file):
            self._db = sqlite3.connect(self.file, timeout=_BUSY_S, isolation_level=None)
            try:
                self._open(key_file)
                self._opened = _which(self.file)
            except BaseException:
                self._db.close()
                raise

    def is_in_place(self) -> bool:
        """Whether the file that is open here still has its name. A host works on for months with
        one that somebody has deleted, and all of it is gone when it ends."""
        try:
            return _which(self.file) == self._opened
        except OSError:
            return False

    def content(self) -> bytes:
        """All that the open file holds, as one file. UsageError when another registry stands at its
        place, or the key file is gone, too."""
        key_file = self.file.parent / KEY_FILE
        if not key_file.exists():
            raise UsageError(f"{key_file} is gone; stop the host, and see the runbook")
        if _is_registry(self.file):
            raise UsageError(
                f"another registry was put at {self.file} while the host ran; restart the host to "
                "use it"
            )
        with told(self.file):
            return self._db.serialize()

    def take_place(self, aside: Path) -> None:
        """Go on with the file `aside`, at the place of the one that was open here. Nobody else has
        that open: who closes it last removes what SQLite keeps beside it, by name."""
        self._db.close()
        for side in ("-wal", "-shm"):
            self.file.with_name(DATABASE + side).unlink(missing_ok=True)
        os.replace(aside, self.file)
        self._connect(self.file.parent / KEY_FILE)

    def _open(self, key_file: Path) -> None:
        self._use_wal()
        for pragma in (
            "synchronous = FULL",
            "secure_delete = ON",
            f"wal_autocheckpoint = {_WAL_PAGES}",
            f"journal_size_limit = {_WAL_BYTES_MAX}",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        if tables.is_before_proofs(self._db):  # until that is on disk, the registry stays so
            proved.prove_former(Vault(secret_file.load(key_file, KEY_KIND)), self.file.parent)
        tables.migrate(self._db, self.file)
        if self._mark() is None:
            with self._transaction():  # two that make one at the same time are no loss
                if self._mark() is None:
                    self._begin(key_file)
        # A registry that has a mark had a key file: a new one would open none of its keys.
        self._vault = Vault(secret_file.load(key_file, KEY_KIND))
        if self._mark() != self._vault.mark:
            raise UsageError(f"{key_file} is not the key of {self.file}; put back the right one")
        self.log = Log(self._db, self._vault, identity(self.file.parent), self._now_s)
        if not self.log.is_begun():
            with self._transaction():
                if not self.log.is_begun():
                    self.log.begin()

    def _mark(self) -> str | None:
        row = self._db.execute("SELECT mark FROM registry").fetchone()
        return None if row is None else row[0]

    def _begin(self, key_file: Path) -> None:
        if os.path.lexists(key_file) and not self._is_restored:
            raise UsageError(
                f"{self.file} has been emptied or deleted, and its key is still there: restore a "
                f"backup with `pressel registry restore`, or delete {key_file} to begin anew; "
                "other hosts give back what they have once `pressel host allow` has named them"
            )
        vault = Vault(secret_file.load_or_make(key_file, KEY_KIND))
        self._db.execute(
            "INSERT INTO registry (one, changes, mark) VALUES (1, 0, ?)", (vault.mark,)
        )

    def _use_wal(self) -> None:
        """Of a new file, which another process may be turning to it at this moment."""
        deadline_s = time.monotonic() + _BUSY_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                    raise
                time.sleep(_AGAIN_S)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _change(self, verb: str = "") -> Iterator[None]:
        """One transaction, in which `verb` is done; the log tells of it. No verb: of what it does,
        the log says nothing."""
        with self._transaction():
            yield
            self.log.settle(verb)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Whatever raises inside undoes all of it."""
        with told(self.file):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # on a full disk SQLite has undone it by itself
                    self._db.execute("ROLLBACK")
                raise


def write_aside(file: Path, content: bytes) -> Path:
    """A file beside `file`, on the disk before it returns. OSError."""
    aside = file.with_name(f"{file.name}.aside")
    aside.unlink(missing_ok=True)
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    return aside


def _which(file: Path) -> tuple[int, int]:
    facts = file.stat()
    return facts.st_dev, facts.st_ino


def _is_registry(file: Path) -> bool:
    """Whether somebody's devices may be in it; a command that found no file leaves an empty one."""
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return db.execute("SELECT mark FROM registry").fetchone() is not None
    except sqlite3.Error:
        return False


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Errors of SQLite, and of the log, in words."""
    try:
        yield
    except PresselError:
        raise
    except sqlite3.OperationalError as error:
        # Python's own errors, of text that is none, have no code.
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise PresselError(
                f"another program holds {file}: nothing was changed; try again when it is done "
                f"(as root, `fuser {shlex.quote(str(file))}` names it)"
            ) from error
        if is_of_full_disk(error, file):
            raise PresselError(
                f"the disk of {file} is full: nothing was changed; make room and try again"
            ) from error
        words = printable(str(error))
        raise PresselError(f"cannot work with the registry {file}: {words}") from error
    except BrokenError as error:
        raise PresselError(
            f"the log in {file} does not hold: {error}; restore a backup from before that with "
            "`pressel registry restore`"
        ) from None
    except sqlite3.DatabaseError as error:
        words = printable(str(error))
        raise DamagedError(f"{file} is damaged ({words}); restore a backup of it") from error
    except Exception as error:  # SQLite gives what lies there, be it of another type
        words = _damage(file)
        if not words:
            raise
        raise DamagedError(f"{file} is damaged ({words}); restore a backup of it") from error


def is_of_full_disk(error: sqlite3.Error, file: Path) -> bool:
    """Whether the disk of `file` has no room for what SQLite wanted to write. Where it maps a piece
    of its index, it calls that an input or output error."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF != sqlite3.SQLITE_IOERR:
        return code == sqlite3.SQLITE_FULL
    return shutil.disk_usage(file.parent).free < _INDEX_BYTES


def _damage(file: Path) -> str:
    """What is wrong with the tables in `file`; "" when nothing is, or there is no such file."""
    if not file.exists():  # SQLite would make an empty one, and call that damaged
        return ""
    try:
        with closing(sqlite3.connect(file)) as db:
            tables.check_ours(db, file)
            (words,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, UnicodeDecodeError, UsageError):
        return "its tables are not those of a registry"
    return "" if words == "ok" else printable(words)
