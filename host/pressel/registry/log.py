"""The log of a registry, in its database: each transaction appends what has become of the devices
and hosts that it touched. See docs/registry-log.md.

Names, who asked, and salts lie beside the entries in a table of their own. A device's key lies
sealed in its row only; beside the log is the salt of its mark, and only while the key is good.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.errors import PresselError
from pressel.ledger import text
from pressel.ledger.broken import BrokenError
from pressel.ledger.chain import Head, follow
from pressel.ledger.entry import TIME_S_MAX, Entry, Fact
from pressel.ledger.signed import Signed, sign
from pressel.registry.device import PENDING
from pressel.registry.vault import Vault

REGISTRY = "registry"  # the subject of what concerns all of it
VENUE = "venue"  # of what was done, and is no part of the registry
BEGIN = "registry begin"
FOLLOW = "registry follow"  # as the leader's list says, and no more than that
LOG_TABLES = ("entry", "entry_text")
PAGE = 100  # entries read at once: 100 KB at most, in one line to a command

_NAME, _KEY, _WHO, _WHAT = "name", "key", "who", "what"  # of texts
_TOUCHED = (
    "CREATE TEMP TABLE touched (subject TEXT PRIMARY KEY)",
    *(
        f"""CREATE TEMP TRIGGER {table}_touched_{verb.lower()} AFTER {verb} ON main.{table}
        BEGIN INSERT OR IGNORE INTO touched VALUES ('{table} ' || {row}.{column}); END"""
        for table, column in (("device", "id"), ("host", "public_key"))
        for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
)
_ALL = "SELECT 'device ' || id FROM device UNION ALL SELECT 'host ' || public_key FROM host"


@dataclass(frozen=True)
class Said:
    """What holds of a subject: nothing, when it is gone."""

    facts: dict[str, Fact] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """An entry as it is listed: texts that are erased, and keys, are None."""

    entry: Entry
    hash: str
    texts: dict[str, str | None]
    signed: Signed


class Log:
    """Of the database `db`, whose device keys `vault` opens; `private` signs. `now_s` is the clock.

    `term` is that in which this host leads, and `who` the person who asks for what comes next."""

    def __init__(
        self,
        db: sqlite3.Connection,
        vault: Vault,
        private: Ed25519PrivateKey,
        now_s: Callable[[], float],
    ) -> None:
        self._db = db
        self._vault = vault
        self._private = private
        self._own = private.public_key().public_bytes_raw().hex()
        self._now_s = now_s
        self.term = 1
        self.who = ""
        for statement in _TOUCHED:
            db.execute(statement)

    def is_empty(self) -> bool:
        return self._db.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is None

    @contextmanager
    def asked_by(self, who: str) -> Iterator[None]:
        """What is done inside, this person asked for; "": nobody in particular."""
        former, self.who = self.who, who
        try:
            yield
        finally:
            self.who = former

    # --- to write, inside of a transaction ---

    def begin(self) -> None:
        """The first entry; all that is there already counts as touched."""
        self.note(BEGIN, REGISTRY, {"version": 1})
        self.touch_all()

    def forget(self) -> None:
        """Leave all entries behind."""
        for table in LOG_TABLES:
            self._db.execute(f"DELETE FROM {table}")

    def touch_all(self) -> None:
        """Look at everything, not only at what this transaction has changed."""
        self._db.execute(f"INSERT OR IGNORE INTO touched {_ALL}")
        for subject in self._subjects():
            self._db.execute("INSERT OR IGNORE INTO touched VALUES (?)", (subject,))

    def note(self, verb: str, subject: str, facts: dict[str, Fact], words: str = "") -> None:
        """What `verb` did beside devices and hosts, with what people may read of it; without
        `facts` the subject is gone."""
        self._append(verb, subject, Said(facts, {_WHAT: _encoded(words)} if words else {}))

    def repeat(self, verb: str, subject: str) -> None:
        """Say once more what holds of `subject`, since `verb` says so, too."""
        self._append(verb, subject, self._present(subject))

    def settle(self, verb: str) -> None:
        """The end of a transaction, in which `verb` was done: what it changed is appended."""
        rows = self._db.execute("SELECT subject FROM touched ORDER BY rowid").fetchall()
        if not rows:
            return
        self._db.execute("DELETE FROM touched")
        for (subject,) in rows:
            said = self._present(subject)
            if not self._is_said(subject, said):
                assert verb, f"nobody says what happened to {subject}"
                self._append(verb, subject, said)

    def _append(self, verb: str, subject: str, said: Said) -> None:
        head = self._head()
        texts = dict(said.texts)
        if self.who:
            texts[_WHO] = _encoded(self.who)
        salts = {name: text.new_salt() for name in texts}
        now_s = min(max(int(self._now_s()), 0), TIME_S_MAX)
        entry = Entry(
            max(self.term, head.term), head.index + 1, now_s, self._own, head.hash, verb, subject,
            said.facts, {name: text.mark(salts[name], name, texts[name]) for name in texts},
        )  # fmt: skip
        signed = sign(entry, self._private)
        values = (entry.index, subject, signed.body, signed.signature)
        self._db.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", values)
        # What a key was marked with goes with the key.
        former = "SELECT number FROM entry WHERE subject = ?"
        query = f"DELETE FROM entry_text WHERE name = ? AND number IN ({former})"
        self._db.execute(query, (_KEY, subject))
        for name, salt in salts.items():
            kept = None if name == _KEY else texts[name]
            row = (entry.index, name, salt, kept)
            self._db.execute("INSERT INTO entry_text VALUES (?, ?, ?, ?)", row)

    # --- to read ---

    def meant(self) -> set[str]:
        """The subjects of which the last entry is somebody's word, and not inferred from a list."""
        rows = self._db.execute("SELECT subject, max(number), body FROM entry GROUP BY subject")
        return {row[0] for row in rows.fetchall() if Signed(row[2], b"").entry().verb != FOLLOW}

    def revocations(self, after: int) -> list[tuple[int, Signed]]:
        """A page of this host's own entries by which a device ends, behind number `after`."""
        rows = self._db.execute(
            "SELECT number, subject, body, signature FROM entry WHERE number > ? AND "
            "subject GLOB 'device *' AND instr(body, CAST('\"state\":\"revoked\"' AS BLOB)) "
            "AND NOT instr(body, CAST(? AS BLOB)) ORDER BY number LIMIT ?",
            (after, f'"verb":"{FOLLOW}"', PAGE),
        )
        return [(number, Signed(body, signature)) for number, _, body, signature in rows]

    def last(self) -> int:
        """The number of the last entry."""
        return self._head().index

    def told(self, after: int, count: int = PAGE) -> list[Told]:
        """At most `count` entries behind number `after`. BrokenError when one is none."""
        found = []
        for number, _, signed in self._rows(after, count):
            texts = {name: said for name, _, said in self._texts(number)}
            entry = signed.entry()
            shown = {name: _shown(texts.get(name)) for name in entry.texts}
            found.append(Told(entry, signed.hash(), shown, signed))
        return found

    def verify(self, also: Iterable[str] = (), seen: str | None = None) -> Head:
        """The head of the log, when all of it holds, and the tables are as it says. `also`: public
        keys that this host had before; `seen`: a hash that must be in it. BrokenError says what
        does not hold."""
        self._db.execute("BEGIN")  # one state of the file, whoever writes meanwhile
        try:
            return self._verify({self._own, *also}, seen)
        finally:
            self._db.execute("ROLLBACK")

    def check(self) -> None:
        """BrokenError when the entries do not follow one another, whoever may have written them, or
        the tables are not as they say."""
        self._verify(None, None)

    def holds(self) -> bool:
        """Whether the entries follow one another, whoever may have written them."""
        try:
            self._chain(None, None)
        except BrokenError:
            return False
        return True

    def _verify(self, writers: set[str] | None, seen: str | None) -> Head:
        head, subjects = self._chain(writers, seen)
        subjects |= {subject for (subject,) in self._db.execute(_ALL)}
        for subject in sorted(subjects):
            if subject.startswith(("device ", "host ")):
                self._check_present(subject)
        return head

    def _chain(self, writers: set[str] | None, seen: str | None) -> tuple[Head, set[str]]:
        """The head, and all subjects; without `writers` anybody may write."""
        head, subjects, is_seen = Head(), set(), seen is None
        for number, subject, signed in self._rows(0, -1):
            own_number = head.index + 1
            try:
                head, entry = follow(head, signed, lambda key: writers is None or key in writers)
                if number != entry.index or subject != entry.subject:
                    raise BrokenError("it lies in another's place")
                self._check_texts(entry)
            except BrokenError as error:
                raise BrokenError(f"entry {own_number}: {error}") from None
            subjects.add(subject)
            is_seen = is_seen or head.hash == seen
            if writers is not None:
                _admit(writers, entry, self._own)
        if not is_seen:
            raise BrokenError(f"it has no entry {seen} any more, or never had one")
        return head, subjects

    def _check_texts(self, entry: Entry) -> None:
        for name, salt, said in self._texts(entry.index):
            if name not in entry.texts:
                raise BrokenError(f"a text {name} lies beside it that it does not have")
            if said is not None and not text.is_of(entry.texts[name], salt, name, said):
                raise BrokenError(f"its {name} was changed")

    def _check_present(self, subject: str) -> None:
        if not self._is_said(subject, self._present(subject)):
            raise BrokenError(f"{subject} is not what the log says; it was changed behind its back")

    # --- inside ---

    def _present(self, subject: str) -> Said:
        """What the tables say. Who waits for the operator is not there yet."""
        kind, _, name = subject.partition(" ")
        if kind == "host":
            row = self._db.execute("SELECT name FROM host WHERE public_key = ?", (name,)).fetchone()
            return Said({"allowed": 1}, {_NAME: row[0].encode()}) if row else Said()
        row = self._db.execute(
            "SELECT name, groups, emergency, priority, state, epoch, sealed_key FROM device "
            "WHERE id = ? AND state <> ?",
            (name, PENDING),
        ).fetchone()
        if row is None:
            return Said()
        facts: dict[str, Fact] = {
            "state": row[4],
            "groups": tuple(map(int, row[1].split(","))),
            "emergency": row[2],
            "priority": row[3],
            "epoch": row[5],
        }
        texts = {_NAME: row[0].encode()}
        key = self._key(row[6], name, row[5])
        return Said(facts, texts if key is None else {**texts, _KEY: key})

    def _key(self, sealed: bytes | None, device: str, epoch: int) -> bytes | None:
        """None, too, of a key that does not open: it must be possible to revoke the device."""
        try:
            return None if sealed is None else self._vault.open(sealed, device, epoch)
        except PresselError:
            return None

    def _is_said(self, subject: str, said: Said) -> bool:
        """Whether the last entry of `subject` says the same."""
        last = self._db.execute(
            "SELECT number, body FROM entry WHERE subject = ? ORDER BY number DESC LIMIT 1",
            (subject,),
        ).fetchone()
        if last is None:
            return said == Said()
        entry = Signed(last[1], b"").entry()
        marks = {name: mark for name, mark in entry.texts.items() if name != _WHO}
        if entry.facts != said.facts or marks.keys() != said.texts.keys():
            return False
        salts = {name: salt for name, salt, _ in self._texts(last[0])}
        return all(
            name in salts and text.is_of(marks[name], salts[name], name, said.texts[name])
            for name in marks
        )

    def _head(self) -> Head:
        row = self._db.execute(
            "SELECT body, signature FROM entry ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return Head()
        signed = Signed(*row)
        entry = signed.entry()
        return Head(entry.term, entry.index, signed.hash())

    def _rows(self, after: int, count: int) -> Iterator[tuple[int, str, Signed]]:
        rows = self._db.execute(
            "SELECT number, subject, body, signature FROM entry WHERE number > ? "
            "ORDER BY number LIMIT ?",
            (after, count),
        )
        for number, subject, body, signature in rows:
            yield number, subject, Signed(body, signature)

    def _texts(self, number: int) -> list[tuple[str, bytes, bytes | None]]:
        query = "SELECT name, salt, text FROM entry_text WHERE number = ?"
        return self._db.execute(query, (number,)).fetchall()

    def _subjects(self) -> list[str]:
        query = "SELECT DISTINCT subject FROM entry WHERE subject GLOB '* *'"
        return [subject for (subject,) in self._db.execute(query).fetchall()]


def _admit(writers: set[str], entry: Entry, own: str) -> None:
    """Which hosts may write behind `entry`."""
    kind, _, key = entry.subject.partition(" ")
    if kind != "host":
        return
    if entry.is_tombstone and key != own:
        writers.discard(key)
    else:
        writers.add(key)


def _encoded(words: str) -> bytes:
    return words.encode("utf-8", "replace")


def _shown(said: bytes | None) -> str | None:
    return None if said is None else said.decode("utf-8", "replace")


def as_json(told: Told) -> dict[str, Any]:
    """An entry for people and for files: all of it, and what lies beside it."""
    entry = told.entry
    return {
        "index": entry.index,
        "term": entry.term,
        "time_s": entry.time_s,
        "host": entry.host,
        "verb": entry.verb,
        "subject": entry.subject,
        "facts": {name: list(v) if isinstance(v, tuple) else v for name, v in entry.facts.items()},
        "texts": told.texts,
        "hash": told.hash,
        "body": told.signed.body.decode("ascii"),
        "signature": told.signed.signature.hex(),
    }
