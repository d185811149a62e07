"""The chains of entries that a registry keeps, one a host: where they lie in the database.

Names, who asked, and salts lie beside the entries in a table of their own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pressel.ledger.broken import BrokenError
from pressel.ledger.chain import Head
from pressel.ledger.entry import Entry
from pressel.ledger.signed import Signed

CHECKPOINT = "registry checkpoint"  # its host drops what lies before entry `first`
LOG_TABLES = ("entry", "entry_text")

Text = tuple[str, bytes, bytes | None]  # name, salt, text: None when only the salt lies here
Place = tuple[int, str, int]  # time_s, host, number: the order in which entries are listed
BEGINNING: Place = (-1, "", 0)


@dataclass(frozen=True)
class Kept:
    """An entry as it lies here, in the chain of `host`."""

    host: str
    number: int
    subject: str
    time_s: int
    heard_s: int
    signed: Signed

    @property
    def place(self) -> Place:
        return self.time_s, self.host, self.number


_COLUMNS = "host, number, subject, time_s, heard_s, body, signature"


class Chains:
    """Of the database `db`; hosts by their public keys in hexadecimal."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # --- to write, inside of a transaction ---

    def add(self, signed: Signed, entry: Entry, heard_s: int) -> None:
        values = (
            entry.host, entry.index, entry.subject, entry.time_s, heard_s, signed.body,
            signed.signature,
        )  # fmt: skip
        self._db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def add_text(self, host: str, number: int, text: Text) -> None:
        row = (host, number, *text)
        self._db.execute("INSERT OR REPLACE INTO entry_text VALUES (?, ?, ?, ?, ?)", row)

    def forget_texts(self, subject: str, name: str, but: Kept | None = None) -> None:
        """Erase text and salt of all texts called `name` of this subject, `but` of one entry."""
        host, number = ("", 0) if but is None else (but.host, but.number)
        self._db.execute(
            "DELETE FROM entry_text WHERE name = ? AND NOT (host = ? AND number = ?) AND "
            "(host, number) IN (SELECT host, number FROM entry WHERE subject = ?)",
            (name, host, number, subject),
        )

    def forget_all_texts(self, kept: Kept) -> None:
        """Erase text and salt of all that lies beside one entry."""
        query = "DELETE FROM entry_text WHERE host = ? AND number = ?"
        self._db.execute(query, (kept.host, kept.number))

    def forget_people(self, before_s: int, names: Collection[str], but: Collection[Place]) -> int:
        """Erase the texts of these `names` beside entries that this host has heard before then, but
        of the entries at those places; how many it were."""
        marks = ", ".join("?" * len(names))
        found = self._db.execute(
            f"SELECT host, number, time_s, name FROM entry_text JOIN entry USING (host, number) "
            f"WHERE heard_s < ? AND text IS NOT NULL AND name IN ({marks})",
            (before_s, *names),
        ).fetchall()
        gone = [(host, n, name) for host, n, time_s, name in found if (time_s, host, n) not in but]
        query = "DELETE FROM entry_text WHERE host = ? AND number = ? AND name = ?"
        self._db.executemany(query, gone)
        return len(gone)

    def drop(self, host: str, first: int, last: int | None = None) -> None:
        """Leave the entries from `first` to `last` behind; None: all from there on."""
        end = (1 << 62) if last is None else last
        for table in LOG_TABLES:
            query = f"DELETE FROM {table} WHERE host = ? AND number BETWEEN ? AND ?"
            self._db.execute(query, (host, first, end))

    def forget(self) -> None:
        """Leave everything behind."""
        for table in LOG_TABLES:
            self._db.execute(f"DELETE FROM {table}")

    # --- to read ---

    def hosts(self) -> list[str]:
        rows = self._db.execute("SELECT DISTINCT host FROM entry ORDER BY host").fetchall()
        return [host for (host,) in rows]

    def head(self, host: str) -> Head:
        """BrokenError when the last entry is none."""
        query = "SELECT body, signature FROM entry WHERE host = ? ORDER BY number DESC LIMIT 1"
        row = self._db.execute(query, (host,)).fetchone()
        if row is None:
            return Head()
        signed = Signed(*row)
        entry = signed.entry()
        return Head(entry.term, entry.index, signed.hash())

    def heads(self) -> dict[str, Head]:
        return {host: self.head(host) for host in self.hosts()}

    def first(self, host: str) -> int:
        """The number of the first entry that is kept; 0: none is."""
        query = "SELECT min(number) FROM entry WHERE host = ?"
        return self._db.execute(query, (host,)).fetchone()[0] or 0

    def count(self, host: str) -> int:
        """How many entries are kept."""
        query = "SELECT count(*) FROM entry WHERE host = ?"
        return self._db.execute(query, (host,)).fetchone()[0]

    def start(self, host: str) -> Head:
        """What the first entry that is kept has to follow. BrokenError when nobody says it."""
        first = self.first(host)
        if first <= 1:
            return Head()
        for each in self.about(f"log {host}", host):
            start = start_told(each.signed.entry(), first)
            if start is not None:
                return start
        raise BrokenError(f"entry 1: the log begins with entry {first}, and no checkpoint says so")

    def entry(self, host: str, number: int) -> Kept | None:
        query = f"SELECT {_COLUMNS} FROM entry WHERE host = ? AND number = ?"
        row = self._db.execute(query, (host, number)).fetchone()
        return None if row is None else _kept(row)

    def is_allowed(self, host: str) -> bool:
        """Whether entries of that other host are still taken."""
        query = "SELECT 1 FROM host WHERE public_key = ?"
        return self._db.execute(query, (host,)).fetchone() is not None

    def rows(self, host: str, after: int = 0, count: int = -1) -> Iterator[Kept]:
        """Of one chain, behind entry `after`."""
        query = (
            f"SELECT {_COLUMNS} FROM entry WHERE host = ? AND number > ? ORDER BY number LIMIT ?"
        )
        yield from map(_kept, self._db.execute(query, (host, after, count)))

    def listed(self, after: Place, count: int) -> list[Kept]:
        """Of all chains, by the clocks of those who wrote."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM entry WHERE (time_s, host, number) > (?, ?, ?) "
            "ORDER BY time_s, host, number LIMIT ?",
            (*after, count),
        )
        return [_kept(row) for row in rows.fetchall()]

    def about(self, subject: str, host: str | None = None) -> list[Kept]:
        """All entries about a subject, chain by chain, each from its beginning."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM entry WHERE subject = ? AND (? IS NULL OR host = ?) "
            "ORDER BY host, number",
            (subject, host, host),
        )
        return [_kept(row) for row in rows.fetchall()]

    def with_text(self, subject: str, name: str) -> list[Kept]:
        """Those about a subject that have a text of this `name`, as in `about`; among many that
        have none they are found without reading each."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM entry WHERE subject = ? AND instr(body, ?) "
            "ORDER BY host, number",
            (subject, json.dumps(name).encode()),
        )
        found = map(_kept, rows.fetchall())
        return [each for each in found if name in each.signed.entry().texts]

    def subjects(self, kind: str) -> list[str]:
        """All that entries are about, such as `device ...`."""
        query = "SELECT DISTINCT subject FROM entry WHERE subject GLOB ? ORDER BY subject"
        return [subject for (subject,) in self._db.execute(query, (f"{kind} *",)).fetchall()]

    def texts(self, host: str, number: int) -> list[Text]:
        query = "SELECT name, salt, text FROM entry_text WHERE host = ? AND number = ?"
        return self._db.execute(query, (host, number)).fetchall()

    def with_end(self, host: str, name: str, ends: tuple[bytes, ...]) -> list[Kept]:
        """Of one chain, beside which lies a text called `name` that ends in one of `ends`."""
        query = "SELECT number, text FROM entry_text WHERE host = ? AND name = ? ORDER BY number"
        rows = self._db.execute(query, (host, name)).fetchall()
        found = (self.entry(host, n) for n, said in rows if (said or b"").endswith(ends))
        return [each for each in found if each is not None]


def place_of(told: Any) -> Place:
    """A place as JSON has it. ValueError when it is none."""
    time_s, host, number = told
    return int(time_s), str(host), int(number)


def start_told(entry: Entry, first: int) -> Head | None:
    """What entry `first` of its host follows, if `entry` is the checkpoint that says so."""
    facts = entry.facts
    if (
        entry.verb != CHECKPOINT
        or entry.subject != f"log {entry.host}"
        or facts.get("first") != first
    ):
        return None
    before = facts.get("before")
    return Head(0, first - 1, before) if isinstance(before, str) else None


def _kept(row: tuple) -> Kept:
    host, number, subject, time_s, heard_s, body, signature = row
    return Kept(host, number, subject, time_s, heard_s, Signed(body, signature))
