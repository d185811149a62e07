"""The registry's tables in SQLite, and how older ones become today's.

`PRAGMA user_version` is the number of steps of `STEPS` that a file has gone through. A step is
never edited once released: another one is appended.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pressel.errors import UsageError

_COUNT = "UPDATE registry SET changes = changes + 1"


def _counted(table: str) -> tuple[str, ...]:
    """Whatever is done to `table`, by whomever, the change counter goes up with it."""
    return tuple(
        f"CREATE TRIGGER {table}_{verb.lower()} AFTER {verb} ON {table} BEGIN {_COUNT}; END"
        for verb in ("INSERT", "UPDATE", "DELETE")
    )


def _told(name: str, else_: str) -> str:
    """A field of the body of an entry; `else_` where that is none: the log tells that it is broken,
    and not the migration."""
    body = "CAST(body AS TEXT)"
    return f"CASE WHEN json_valid({body}) THEN json_extract({body}, '$.{name}') ELSE {else_} END"


STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE registry (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            changes INTEGER NOT NULL,
            mark TEXT NOT NULL) STRICT""",
        """CREATE TABLE device (
            id TEXT PRIMARY KEY CHECK (length(id) = 16),
            name TEXT NOT NULL,
            sealed_key BLOB,
            epoch INTEGER NOT NULL CHECK (epoch >= 1),
            groups TEXT NOT NULL,
            emergency INTEGER NOT NULL CHECK (emergency IN (0, 1)),
            priority INTEGER NOT NULL CHECK (priority >= 0),
            state TEXT NOT NULL CHECK (state IN ('active', 'pending', 'revoked')),
            created_s INTEGER NOT NULL,
            changed_s INTEGER NOT NULL,
            CHECK (state = 'revoked' OR sealed_key IS NOT NULL)) STRICT""",
        """CREATE TABLE host (
            public_key TEXT PRIMARY KEY CHECK (length(public_key) = 64),
            name TEXT NOT NULL UNIQUE,
            created_s INTEGER NOT NULL) STRICT""",
        """CREATE TABLE invite (
            hash BLOB PRIMARY KEY,
            groups TEXT NOT NULL,
            created_s INTEGER NOT NULL,
            expires_s INTEGER NOT NULL) STRICT""",
        *_counted("device"),
        *_counted("host"),
    ),
    (  # what hosts of a cluster compare: whose list of devices is the newer one
        "ALTER TABLE registry ADD COLUMN version INTEGER NOT NULL DEFAULT 0",
        *(
            f"""CREATE TRIGGER device_version_{verb.lower()} AFTER {verb} ON device
            BEGIN UPDATE registry SET version = version + 1; END"""
            for verb in ("INSERT", "UPDATE", "DELETE")
        ),
    ),
    (  # joining over the network: what the operator compares, and codes that can be agreed on
        "ALTER TABLE device ADD COLUMN check_code TEXT",
        "DROP TABLE invite",  # codes live for minutes: no venue has one that it will miss
        """CREATE TABLE invite (
            place TEXT PRIMARY KEY,
            sealed_code BLOB NOT NULL,
            groups TEXT NOT NULL,
            tries_left INTEGER NOT NULL,
            created_s INTEGER NOT NULL,
            expires_s INTEGER NOT NULL) STRICT""",
        # Who waits is no part of what hosts compare: a stranger's asking made a list the newer one.
        *(
            statement
            for verb, row in (("insert", "NEW"), ("delete", "OLD"))
            for statement in (
                f"DROP TRIGGER device_version_{verb}",
                f"""CREATE TRIGGER device_version_{verb} AFTER {verb} ON device
                WHEN {row}.state <> 'pending'
                BEGIN UPDATE registry SET version = version + 1; END""",
            )
        ),
    ),
    (  # the log (`log.py`); `subject` and `number` are in the body, too, and here to be found by
        """CREATE TABLE entry (
            number INTEGER PRIMARY KEY CHECK (number >= 1),
            subject TEXT NOT NULL,
            body BLOB NOT NULL,
            signature BLOB NOT NULL) STRICT""",
        "CREATE INDEX entry_of ON entry (subject, number)",
        """CREATE TABLE entry_text (
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            salt BLOB NOT NULL,
            text BLOB,
            PRIMARY KEY (number, name)) STRICT""",
    ),
    (  # a chain a host: those of the others lie beside our own. `heard_s`: by our own clock
        "DROP INDEX entry_of",
        "ALTER TABLE entry RENAME TO entry_of_one",
        "ALTER TABLE entry_text RENAME TO text_of_one",
        """CREATE TABLE entry (
            host TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number >= 1),
            subject TEXT NOT NULL,
            time_s INTEGER NOT NULL,
            heard_s INTEGER NOT NULL,
            body BLOB NOT NULL,
            signature BLOB NOT NULL,
            PRIMARY KEY (host, number)) STRICT""",
        "CREATE INDEX entry_of ON entry (subject, host, number)",
        "CREATE INDEX entry_at ON entry (time_s, host, number)",
        """CREATE TABLE entry_text (
            host TEXT NOT NULL,
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            salt BLOB NOT NULL,
            text BLOB,
            PRIMARY KEY (host, number, name)) STRICT""",
        f"""INSERT INTO entry SELECT {_told("host", "''")}, number, subject,
            {_told("time_s", "0")}, {_told("time_s", "0")}, body, signature FROM entry_of_one""",
        f"""INSERT INTO entry_text SELECT {_told("host", "''")}, number, name, salt, text
            FROM text_of_one JOIN entry_of_one USING (number)""",
        "DROP TABLE text_of_one",
        "DROP TABLE entry_of_one",
    ),
    (),  # no table: from here on files beside it must have their proofs (`proved`)
)
_PROVED = 6

# Back to what was there before the log, for a host that is not updated yet.
FORMER = 3
BACK = ("DROP TABLE entry_text", "DROP TABLE entry")


def step_back(db: sqlite3.Connection) -> None:
    """Make of `db`, which is up to date, what the former version of Pressel wrote."""
    db.execute("BEGIN IMMEDIATE")
    for statement in BACK:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {FORMER}")
    db.execute("COMMIT")


def is_before_proofs(db: sqlite3.Connection) -> bool:
    """A registry of a version that wrote files without proofs."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return 0 < version < _PROVED


def migrate(db: sqlite3.Connection, file: object) -> None:
    """Bring `db` up to date, all or nothing. UsageError when a newer Pressel wrote it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > len(STEPS):
            raise UsageError(f"{file} was written by a newer Pressel; update this one")
        for step in STEPS[version:]:
            for statement in step:
                db.execute(statement)
        if version < len(STEPS):
            db.execute(f"PRAGMA user_version = {len(STEPS)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # on a full disk SQLite has undone it by itself
            db.execute("ROLLBACK")
        raise


def check_ours(db: sqlite3.Connection, file: object) -> None:
    """UsageError unless `db` has exactly the tables, indices and triggers of one of our versions: a
    file that others may have written would act by its own ones. Runs none of them."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(STEPS):
        raise UsageError(f"{file} was written by a newer Pressel; update this one")
    with closing(sqlite3.connect(":memory:")) as ours:
        for step in STEPS[:version]:
            for statement in step:
                ours.execute(statement)
        is_ours = version > 0 and _schema(db) == _schema(ours)
    if not is_ours:
        raise UsageError(f"{file} is no backup of a registry")


def names(db: sqlite3.Connection) -> list[str]:
    """Of the tables."""
    return [name for kind, name, _ in _schema(db) if kind == "table"]


def _schema(db: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
