"""Undoes what a host that was removed has written about devices since a time, or has asked whoever
led to write, by new entries.

What holds then is what would hold without its entries. A key that is gone does not come back: who
was revoked needs a new one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from pressel.errors import UsageError
from pressel.registry.chains import Chains, Kept
from pressel.registry.device import ACTIVE, REVOKED
from pressel.registry.log import NAME, WHO, Log
from pressel.registry.standing import Word

UNDO = "registry undo"


@dataclass(frozen=True)
class Step:
    """What becomes of one subject: `becomes` in words, and whether anything `changes`."""

    subject: str
    becomes: str
    changes: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Undo:
    """Of the entries of `host` since `since_s`, by its clock or by ours, and of those that others
    have written for it, by theirs, in the database `db`."""

    def __init__(self, db: sqlite3.Connection, log: Log, host: str, since_s: int) -> None:
        self._db = db
        self._log = log
        self._host = host
        self._first = _first_since(log.chains, host, since_s)
        self._asked = {
            (kept.host, _number(kept)): kept
            for kept in _asked_by(log.chains, host)
            if kept.time_s >= since_s
        }
        if self._first is None and not self._asked:
            raise UsageError("that host has written nothing since then")

    def run(self, *, is_dry: bool) -> list[Step]:
        """Inside of a transaction; the devices are changed unless it `is_dry`."""
        own = (each for each in self._log.chains.rows(self._host) if not self._counts(each))
        subjects: dict[str, set[str]] = {}
        for each in (*own, *self._asked.values()):
            subjects.setdefault(each.subject, set()).add(each.signed.entry().verb)
        steps = []
        for subject, verbs in subjects.items():
            if subject.startswith("device "):
                steps.append(self._undone(subject, is_dry=is_dry))
            elif subject == "venue":
                done = ", ".join(sorted(verbs))
                steps.append(Step(subject, f"not undone: it has done {done}; look at it", False))
        return steps

    def _counts(self, kept: Kept) -> bool:
        if kept.host == self._host:
            return self._first is None or _number(kept) < self._first
        return (kept.host, _number(kept)) not in self._asked

    def _undone(self, subject: str, *, is_dry: bool) -> Step:
        now, then = self._log.standing.of(subject), self._log.standing.of(subject, self._counts)
        assert now is not None, "it has written about it"
        if now.entry.facts.get("state") != ACTIVE:
            is_same = then is not None and then.entry.facts.get("state") == REVOKED
            words = "stays revoked" if is_same else (
                "stays revoked, since its key is gone; flash its badge with --new-identity"
            )  # fmt: skip
            return Step(subject, words, False)
        if then is None or then.entry.facts.get("state") != ACTIVE:
            if not is_dry:
                self._write(subject, "state = ?, sealed_key = NULL", (REVOKED,))
            return Step(subject, "revoked: only that host has let it in", True)
        return self._back(subject, now, then, is_dry=is_dry)

    def _back(self, subject: str, now: Word, then: Word, *, is_dry: bool) -> Step:
        """An active device gets the name, groups and rights that it had."""
        if now.kept == then.kept:
            return Step(subject, "stays as it is: others have changed it since", False)
        facts, name = then.entry.facts, self._name(then)
        groups = facts["groups"]
        assert isinstance(groups, tuple)
        joined = ",".join(map(str, groups))
        values = (joined, facts["emergency"], facts["priority"])
        what = "groups = ?, emergency = ?, priority = ?"
        if name is not None:
            what, values = f"{what}, name = ?", (*values, name)
        if not is_dry:
            self._write(subject, what, values)
        words = f"groups {joined} and rights as before" + (f", called {name}" if name else "")
        if facts["epoch"] != now.entry.facts["epoch"]:
            words += "; its key is one that host has made: rotate it"
        return Step(subject, words, True)

    def _name(self, word: Word) -> str | None:
        for name, _, said in self._log.chains.texts(word.kept.host, word.kept.number):
            if name == NAME and said is not None:
                return said.decode("utf-8", "replace")
        return None

    def _write(self, subject: str, what: str, values: tuple) -> None:
        device = subject.partition(" ")[2]
        query = f"UPDATE device SET {what}, changed_s = ? WHERE id = ?"
        self._db.execute(query, (*values, self._log.now_s(), device))


def removed_host(log: Log, word: str, allowed: set[str]) -> str:
    """The public key of the host that `word` is the name, the key or the beginning of the key of.
    UsageError when it is none, or may still take part."""
    names = {}
    for subject in log.chains.subjects("host"):
        for kept in log.chains.about(subject, log.own):
            for name, _, said in log.chains.texts(kept.host, kept.number):
                if name == NAME and said is not None:
                    names[said.decode("utf-8", "replace")] = subject.partition(" ")[2]
    found = {key for key in log.chains.hosts() if len(word) >= 8 and key.startswith(word.lower())}
    if word in names:
        found = {names[word]}
    if len(found) != 1:
        raise UsageError(f"no host '{word}' has written here; see `pressel audit list`")
    (key,) = found
    if key == log.own or key in allowed:
        raise UsageError(f"host '{word}' may still write; remove it first: `pressel host remove`")
    return key


def _first_since(chains: Chains, host: str, since_s: int) -> int | None:
    """The number of the first entry since then; None when there is none. A clock that is turned
    back hides nothing: what comes behind it in the chain, or was heard here later, is later."""
    late = [
        _number(kept)
        for kept in chains.rows(host)
        if kept.time_s >= since_s or kept.heard_s >= since_s
    ]
    return min(late, default=None)


def _asked_by(chains: Chains, host: str) -> list[Kept]:
    """What other hosts wrote because `host` asked for it: beside it lies who asked there, and
    behind that, whatever the asker is called, the name that the writer gave the host."""
    found = []
    for writer in chains.hosts():
        names = {
            said.decode("utf-8", "replace")
            for kept in chains.about(f"host {host}", writer)
            for name, _, said in chains.texts(kept.host, kept.number)
            if name == NAME and said is not None
        }
        ends = tuple(f" at {name}".encode() for name in names)
        found += chains.with_end(writer, WHO, ends) if ends and writer != host else []
    return found


def _number(kept: Kept) -> int:
    """That under which it was written first."""
    return kept.signed.entry().origin[0]
