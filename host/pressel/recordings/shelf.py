"""Where recordings lie: one database in the host's folder, all of which but times and sizes is
sealed.

It is opened and used in one thread, which may wait for the disk. What is deleted is in the file no
more. What cannot be opened is listed as damaged, and goes like everything else.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.json_text import read_json
from pressel.printable import printable

from .burst_mark import Mark
from .frames import EACH_BYTES
from .rules import Rules
from .seal import MORE_BYTES, Seal

FILE = "recordings.sqlite"
BYTES_MAX = (
    4 << 30
)  # 140 hours of speech: three months of a venue that talks an hour and a half a day
FREE_BYTES_MIN = 512 << 20  # that the host's other files need: releases, backups, logs
PAGE = 200  # recordings that are told at once: 60 kB
ROOM_AT_ONCE = 100  # recordings that go when there is no room
_MINUTE_MS = 60_000

_TABLES = """
CREATE TABLE IF NOT EXISTS recording (
  term INTEGER, burst INTEGER, grp INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  lasted_ms INTEGER NOT NULL, frames INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,
  head BLOB NOT NULL, PRIMARY KEY (term, burst));
CREATE INDEX IF NOT EXISTS by_time ON recording (at_ms, term, burst);
CREATE TABLE IF NOT EXISTS piece (
  term INTEGER, burst INTEGER, number INTEGER, sealed BLOB NOT NULL,
  PRIMARY KEY (term, burst, number));
CREATE TABLE IF NOT EXISTS gone (term INTEGER, burst INTEGER, PRIMARY KEY (term, burst));
CREATE TABLE IF NOT EXISTS hold (
  term INTEGER, burst INTEGER, held INTEGER NOT NULL, PRIMARY KEY (term, burst));
CREATE TABLE IF NOT EXISTS ahead (
  term INTEGER, burst INTEGER, ms INTEGER NOT NULL, PRIMARY KEY (term, burst));
INSERT OR IGNORE INTO hold SELECT term, burst, 1 FROM recording WHERE held;
"""
_COLUMNS = "term, burst, grp, at_ms, lasted_ms, frames, held, head"


@dataclass(frozen=True)
class Recorded:
    """One burst: `at_ms` since 1970, `frames` that are there, `held`: nobody deletes it;
    `is_damaged`: who talked cannot be read."""

    mark: Mark
    group: int
    talker: str
    device: str
    at_ms: int
    lasted_ms: int
    frames: int
    held: bool
    is_damaged: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "mark": str(self.mark)}


class Shelf:
    """Of the host whose folder is `state`. PresselError when the disk refuses. `trouble` says why
    nothing can be sealed or opened; "": it can."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE
        self._seal: Seal | None = None
        self.trouble = ""
        is_first = not self._file.exists()
        try:
            self._seal = Seal(state, is_first=is_first)
        except UsageError as error:
            if is_first:
                raise
            self.trouble = (
                f"recordings can neither be made nor opened: {error}, or stop the host and move "
                f"{FILE} away to begin anew"
            )
        with self._told():
            self._file.touch(mode=0o600)
            self._db = sqlite3.connect(self._file, isolation_level=None)
            self._db.execute("PRAGMA auto_vacuum = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute("PRAGMA journal_mode = TRUNCATE")
            self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    # --- what comes in ---

    def put(self, recorded: Recorded, number: int, content: bytes) -> None:
        """Piece `number` of a burst, and what is known of the burst by now. PresselError when there
        is no room."""
        mark, seal = recorded.mark, self._sealing()
        self._make_room()
        head = json.dumps([recorded.talker, recorded.device]).encode()
        with self._change():
            if self._db.execute("SELECT 1 FROM gone WHERE (term, burst) = (?, ?)", mark).fetchone():
                return
            if recorded.held:
                self._db.execute("INSERT OR IGNORE INTO hold VALUES (?, ?, 1)", mark)
            self._db.execute(
                "INSERT INTO recording (term, burst, grp, at_ms, lasted_ms, frames, held, head) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "lasted_ms = excluded.lasted_ms",
                (
                    *mark, recorded.group, recorded.at_ms, recorded.lasted_ms, 0,
                    self.is_held(mark), seal.close(head, str(mark)),
                ),
            )  # fmt: skip
            self._db.execute(
                "INSERT OR REPLACE INTO piece VALUES (?, ?, ?, ?)",
                (*mark, number, seal.close(content, f"{mark} {number}")),
            )
            self._db.execute(
                "UPDATE recording SET frames = (SELECT sum((length(sealed) - ?) / ?) FROM piece "
                "WHERE (term, burst) = (?, ?)) WHERE (term, burst) = (?, ?)",
                (MORE_BYTES, EACH_BYTES, *mark, *mark),
            )

    def hold_as_told(self, marks: Iterable[Mark]) -> None:
        """Hold what another host holds, unless the log has said something about it here."""
        with self._change():
            for mark in marks:
                self._db.execute("INSERT OR IGNORE INTO hold VALUES (?, ?, 1)", mark)
                self._mark_held(mark)

    # --- what is there ---

    def page(self, after: tuple[int, int, int], *, is_newest: bool = False) -> list[Recorded]:
        """PAGE recordings behind `after` (time in ms, term, burst), oldest first: the first ones,
        or the newest."""
        order = "DESC" if is_newest else "ASC"
        with self._told():
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM recording "
                f"WHERE (at_ms, term, burst) > (?, ?, ?) ORDER BY at_ms {order}, term {order}, "
                f"burst {order} LIMIT {PAGE}",
                after,
            ).fetchall()
        return [self._read(row) for row in (rows[::-1] if is_newest else rows)]

    def find(self, mark: Mark) -> Recorded | None:
        query = f"SELECT {_COLUMNS} FROM recording WHERE (term, burst) = (?, ?)"
        with self._told():
            row = self._db.execute(query, mark).fetchone()
        return None if row is None else self._read(row)

    def is_held(self, mark: Mark) -> bool:
        """By the log, or by what another host told, whether it is here or not."""
        with self._told():
            query = "SELECT held FROM hold WHERE (term, burst) = (?, ?)"
            row = self._db.execute(query, mark).fetchone()
        return bool(row and row[0])

    def lacks(self, told: Recorded) -> bool:
        """Whether less of it lies here than `told`; what was deleted here is not missing."""
        with self._told():
            row = self._db.execute(
                "SELECT frames >= ? FROM recording WHERE (term, burst) = (?, ?) UNION ALL "
                "SELECT 1 FROM gone WHERE (term, burst) = (?, ?)",
                (told.frames, *told.mark, *told.mark),
            ).fetchone()
        return row is None or not row[0]

    def piece(self, mark: Mark, number: int) -> bytes | None:
        """None behind the last one."""
        with self._told():
            row = self._db.execute(
                "SELECT sealed FROM piece WHERE (term, burst, number) = (?, ?, ?)", (*mark, number)
            ).fetchone()
        return None if row is None else self._sealing().open(row[0], f"{mark} {number}")

    # --- what goes ---

    def obey(self, rules: Rules) -> int:
        """Do what the log says, also of what comes here later. A burst that is held is deleted by
        nobody. How many are gone by that."""
        gone = 0
        with self._change():
            for mark, is_held in rules.held.items():
                self._db.execute("INSERT OR REPLACE INTO hold VALUES (?, ?, ?)", (*mark, is_held))
                self._mark_held(mark)
                if is_held:
                    self._db.execute("DELETE FROM gone WHERE (term, burst) = (?, ?)", mark)
            for mark in rules.deleted:
                if self.is_held(mark):
                    continue
                gone += self._delete("(term, burst) = (?, ?)", mark)
                self._db.execute("INSERT OR IGNORE INTO gone VALUES (?, ?)", mark)
        return gone

    def expire(
        self,
        minutes: int,
        own: Mapping[int, int],
        now_ms: int,
        passed_ms: int = 0,
        *,
        is_sure: bool = True,
    ) -> int:
        """Delete what is older than `minutes`, or than those that its group has of its `own`; 0:
        all. What is of a time to come grows older by `passed_ms`, which this host has run since the
        last time. Unless the time `is_sure`, nothing goes by its age. How many it were."""
        gone = 0
        with self._change():
            self._db.execute(
                "INSERT INTO ahead SELECT term, burst, ? FROM recording WHERE at_ms > ? "
                "ON CONFLICT DO UPDATE SET ms = ms + excluded.ms",
                (passed_ms, now_ms),
            )
            for group, least in own.items():
                gone += self._expire("grp = ?", (group,), least, now_ms, is_sure)
            named = ",".join("?" * len(own))
            gone += self._expire(f"grp NOT IN ({named})", tuple(own), minutes, now_ms, is_sure)
        return gone

    # --- inside ---

    def _sealing(self) -> Seal:
        if self._seal is None:
            raise PresselError(self.trouble)
        return self._seal

    def _expire(
        self, where: str, values: tuple[int, ...], minutes: int, now_ms: int, is_sure: bool
    ) -> int:
        if minutes == 0:
            return self._delete(where, values)
        if not is_sure:
            return 0
        least_ms = minutes * _MINUTE_MS
        old = "(at_ms < ? OR (term, burst) IN (SELECT term, burst FROM ahead WHERE ms >= ?))"
        return self._delete(f"{where} AND {old}", (*values, now_ms - least_ms, least_ms))

    def _mark_held(self, mark: Mark) -> None:
        self._db.execute(
            "UPDATE recording SET held = ? WHERE (term, burst) = (?, ?)",
            (self.is_held(mark), *mark),
        )

    def _make_room(self) -> None:
        with self._told():
            if shutil.disk_usage(self._file.parent).free < FREE_BYTES_MIN:
                raise PresselError(
                    f"the disk of {self._file.parent} is nearly full, so nothing is recorded; "
                    "make room"
                )
            if self._file.stat().st_size <= BYTES_MAX:
                return
        with self._change():
            oldest = self._db.execute(
                "SELECT term, burst FROM recording WHERE NOT held ORDER BY at_ms LIMIT ?",
                (ROOM_AT_ONCE,),
            ).fetchall()
            for mark in oldest:
                self._delete("(term, burst) = (?, ?)", mark)
        if not oldest:
            raise PresselError(
                "recordings that are held take all the room there is, so nothing is recorded; "
                "export some, and release them"
            )

    def _delete(self, where: str, values: tuple[int, ...]) -> int:
        """Whatever is not held."""
        chosen = self._db.execute(
            f"SELECT term, burst FROM recording WHERE NOT held AND {where}", values
        ).fetchall()
        for mark in chosen:
            for table in ("piece", "ahead", "recording"):
                self._db.execute(f"DELETE FROM {table} WHERE (term, burst) = (?, ?)", mark)
        return len(chosen)

    def _read(self, row: tuple[Any, ...]) -> Recorded:
        mark = Mark(row[0], row[1])
        talker = device = ""
        is_damaged = False
        try:
            talker, device = read_json(self._sealing().open(row[7], str(mark)))
        except (PresselError, ValueError, TypeError):
            is_damaged = True
        held = bool(row[6])
        return Recorded(mark, row[2], talker, device, row[3], row[4], row[5], held, is_damaged)

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # on a full disk SQLite has undone it by itself
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise PresselError(
                    f"the disk of {self._file} is full: make room and try again"
                ) from error
            words = printable(str(error))
            raise PresselError(
                f"the recordings in {self._file} cannot be used: {words}; stop the host and move "
                "the file away to begin anew"
            ) from error
