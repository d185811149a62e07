"""The log of a registry, in its database: each transaction appends what has become of the devices
and hosts that it touched to the chain of this host. See docs/registry-log.md.

A device's key lies sealed in its row only; beside the log is the salt of its mark, and only while
the key is good. A secret, which has no row, lies sealed beside the log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.errors import PresselError
from pressel.ledger import text
from pressel.ledger.broken import BrokenError
from pressel.ledger.chain import Head, follow
from pressel.ledger.entry import SINCE, TIME_S_MAX, WAS, Entry, Fact
from pressel.ledger.signed import Signed, sign
from pressel.registry import about_loans, checkpoint
from pressel.registry.about_networks import SECRET
from pressel.registry.chains import BEGINNING, CHECKPOINT, Chains, Kept, Place
from pressel.registry.checkpoint import COMPACT_AT, TAIL
from pressel.registry.device import PENDING
from pressel.registry.device_table import parted
from pressel.registry.standing import BEGIN, HEAR, Standing, Word, upto
from pressel.registry.vault import Vault

REGISTRY = "registry"  # the subject of what concerns all of it
VENUE = "venue"  # of what was done, and is no part of the registry
PAGE = 100  # entries read at once: 100 KB at most, in one line to a command
WHAT_CHARACTERS_MAX = 1000  # of the values of a change: 20 settings fit

NAME, KEY, WHO, WHAT = "name", "key", "who", "what"  # of texts
PERSON, NOTE = "person", "note"  # of a loan
LASTING = ("now", "was", "plan")  # texts of settings and rollouts, which nobody erases
PEOPLE = (WHO, PERSON, NOTE)  # texts that are about people, who may want them forgotten
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
    place: Place


class Log:
    """Of the database `db`, whose device keys `vault` opens; `private` signs. `now_s` is the clock,
    and `new_salt` makes the salts of marks.

    `term` is that in which this host leads, and `who` the person who asks for what comes next."""

    def __init__(
        self,
        db: sqlite3.Connection,
        vault: Vault,
        private: Ed25519PrivateKey,
        now_s: Callable[[], float],
        new_salt: Callable[[], bytes] = text.new_salt,
    ) -> None:
        self._db = db
        self._vault = vault
        self._private = private
        self._new_salt = new_salt
        self.own = private.public_key().public_bytes_raw().hex()
        self.chains = Chains(db)
        self.standing = Standing(self.chains, self.own)
        self._now_s = now_s
        self.term = 1
        self.who = ""
        for statement in _TOUCHED:
            db.execute(statement)

    def is_begun(self) -> bool:
        """Whether this host has a chain, which says where it begins."""
        first = self.chains.first(self.own)
        return first == 1 or (first > 1 and bool(self.chains.about(f"log {self.own}", self.own)))

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
        """The first entry, and what is there already. A chain that goes on where that of another
        key of this host ended says so."""
        first = self.chains.first(self.own)
        if first:
            before = next(self.chains.rows(self.own)).signed.entry().before
            self._append(CHECKPOINT, f"log {self.own}", Said({"first": first, "before": before}))
            return
        self.note(BEGIN, REGISTRY, {"version": 1})
        for (subject,) in self._db.execute(_ALL).fetchall():
            said = self._present(subject)
            if said != Said():
                self._append(BEGIN, subject, said)
        self._db.execute("DELETE FROM touched")

    def touch_all(self) -> None:
        """Look at everything, not only at what this transaction has changed."""
        self._db.execute(f"INSERT OR IGNORE INTO touched {_ALL}")
        for subject in self._subjects():
            self.touch(subject)

    def touch(self, subject: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO touched VALUES (?)", (subject,))

    def touched(self) -> list[str]:
        """What this transaction has changed, which is forgotten by that."""
        rows = self._db.execute("SELECT subject FROM touched ORDER BY rowid").fetchall()
        self._db.execute("DELETE FROM touched")
        return [subject for (subject,) in rows]

    def note(
        self,
        verb: str,
        subject: str,
        facts: dict[str, Fact],
        words: str = "",
        texts: Mapping[str, str] = MappingProxyType({}),
        secret: bytes = b"",
    ) -> None:
        """What `verb` did beside devices and hosts, with the `words` that people read of it,
        further `texts`, and a `secret`; without `facts` the subject is gone."""
        said = {name: _encoded(each) for name, each in texts.items()}
        if secret:
            said[SECRET] = secret
        if words:
            said[WHAT] = _encoded(words[:WHAT_CHARACTERS_MAX])
        self._append(verb, subject, Said(facts, said))

    def restate(self, verb: str, subject: str) -> None:
        """Say what the tables say of `subject`, since `verb` says so, too."""
        self._append(verb, subject, self._present(subject))

    def erase_names(self, subject: str, but: Kept | None = None) -> None:
        """All that are not of the entry `but` (by default the last of this host) about this device,
        and who had it."""
        self.chains.forget_texts(subject, NAME, but or self.chains.about(subject, self.own)[-1])
        about_loans.erase(self.chains, VENUE, subject.partition(" ")[2])

    def forget_people(self, before_s: int, but: Collection[Place]) -> int:
        """Erase who asked, who borrowed and what was noted, of entries heard before then, but of
        those at these places; how many texts it were."""
        return self.chains.forget_people(before_s, PEOPLE, but)

    def settle(self, verb: str) -> None:
        """The end of a transaction, in which `verb` was done: what it changed is appended."""
        for subject in self.touched():
            if not self.is_said(subject):
                assert verb, f"nobody says what happened to {subject}"
                self._append(verb, subject, self._present(subject))

    def _append(self, verb: str, subject: str, said: Said) -> None:
        self._hear()
        entry = self._add(verb, subject, said)
        # What a key was marked with goes with the key.
        self.chains.forget_texts(subject, KEY, self.chains.entry(self.own, entry.index))

    def _hear(self) -> None:
        """Say which entries of other hosts this one has heard of by now: what comes next overrules
        them."""
        for host, head in self.chains.heads().items():
            if host != self.own and self._heard(host) < head.index:
                facts: dict[str, Fact] = {"upto": head.index, "head": head.hash}
                self._add(HEAR, f"log {host}", Said(facts))

    def _heard(self, host: str) -> int:
        told = self.chains.about(f"log {host}", self.own)
        return max((upto(each.signed.entry()) for each in told), default=0)

    def compact(self, least: int = COMPACT_AT, tail: int = TAIL) -> bool:
        """Drop what does not count any more of the chain of this host, but the last `tail` entries,
        when it has `least` and half of them would go; whether it was done."""
        count = self.chains.count(self.own)
        if count < least:
            return False
        first = self.last() - tail + 1
        before = self.chains.entry(self.own, first - 1)
        again = checkpoint.to_say_again(self.chains, self.own, first)
        if before is None or len(again) + tail > count // 2:
            return False
        for each in again:
            self._say_again(each)
        facts: dict[str, Fact] = {"first": first, "before": before.signed.hash()}
        self._add(CHECKPOINT, f"log {self.own}", Said(facts))
        checkpoint.drop(self.chains, self.own, first)
        return True

    def _say_again(self, kept: Kept) -> None:
        """A copy of an entry behind all others, with what lies beside it."""
        former, head = kept.signed.entry(), self.chains.head(self.own)
        index, term = former.origin
        facts = {**former.said, WAS: index, SINCE: term}
        entry = replace(former, term=head.term, index=head.index + 1, before=head.hash, facts=facts)
        self.chains.add(sign(entry, self._private), entry, kept.heard_s)
        for each in self.chains.texts(kept.host, kept.number):
            self.chains.add_text(self.own, entry.index, each)

    def _add(self, verb: str, subject: str, said: Said) -> Entry:
        head = self.chains.head(self.own)
        texts = dict(said.texts)
        if self.who and verb != HEAR:
            texts[WHO] = _encoded(self.who)
        salts = {name: self._new_salt() for name in texts}
        now_s = self.now_s()
        entry = Entry(
            max(self.term, head.term), head.index + 1, now_s, self.own, head.hash, verb, subject,
            said.facts, {name: text.mark(salts[name], name, texts[name]) for name in texts},
        )  # fmt: skip
        self.chains.add(sign(entry, self._private), entry, now_s)
        for name, salt in salts.items():
            kept = None if name == KEY else texts[name]
            self.keep_beside(entry, name, salt, kept)
        return entry

    def keep_beside(self, entry: Entry, name: str, salt: bytes, said: bytes | None) -> None:
        """A text of an entry that is kept; a secret is sealed."""
        if name == SECRET and said is not None:
            said = self._vault.seal_secret(said, salt)
        self.chains.add_text(entry.host, entry.index, (name, salt, said))

    def beside(self, host: str, number: int) -> Iterator[tuple[str, bytes, bytes | None]]:
        """Name, salt and content of what lies beside an entry. BrokenError when a secret was
        changed."""
        for name, salt, said in self.chains.texts(host, number):
            if name == SECRET and said is not None:
                opened = self._vault.open_secret(said, salt)
                if opened is None:
                    raise BrokenError("its secret was changed")
                said = opened
            yield name, salt, said

    def now_s(self) -> int:
        """By this host's clock, as an entry takes it."""
        return min(max(int(self._now_s()), 0), TIME_S_MAX)

    # --- to read ---

    def last(self) -> int:
        """The number of this host's last entry."""
        return self.chains.head(self.own).index

    def told(self, after: Place = BEGINNING, count: int = PAGE) -> list[Told]:
        """At most `count` entries of all hosts behind `after`. BrokenError when one is none."""
        return [self.told_of(each) for each in self.chains.listed(after, count)]

    def told_of(self, kept: Kept) -> Told:
        texts = {name: said for name, _, said in self.chains.texts(kept.host, kept.number)}
        entry = kept.signed.entry()
        texts.pop(SECRET, None)
        shown = {name: _shown(texts.get(name)) for name in entry.texts}
        return Told(entry, kept.signed.hash(), shown, kept.signed, kept.place)

    def conflicts(self) -> list[tuple[Word, list[Word]]]:
        """Of each device that hosts have changed without hearing of each other: the entry that
        holds, and the others."""
        found = map(self.standing.conflicts, self.chains.subjects("device"))
        return [each for each in found if each is not None]

    def verify(self, also: Iterable[str] = (), seen: Iterable[str] = ()) -> Head:
        """The head of this host's chain, when every chain holds, and the tables are as they say.
        `also`: public keys that this host had before; `seen`: hashes that must be in it.
        BrokenError says what does not hold."""
        self._db.execute("BEGIN")  # one state of the file, whoever writes meanwhile
        try:
            return self._verify({self.own, *also, *self._allowed_once()}, set(seen))
        finally:
            self._db.execute("ROLLBACK")

    def check(self) -> None:
        """BrokenError when the entries do not follow one another, whoever may have written them, or
        the tables are not as they say."""
        self._verify(None, set())

    def holds(self) -> bool:
        """Whether the entries follow one another, whoever may have written them."""
        try:
            self._check_chains(None, set())
        except BrokenError:
            return False
        return True

    def _allowed_once(self) -> Iterator[str]:
        """The hosts that this one allows, or has allowed before."""
        for each in self.chains.subjects("host"):
            if self.chains.about(each, self.own):
                yield each.partition(" ")[2]

    def _verify(self, writers: set[str] | None, seen: set[str]) -> Head:
        self._check_chains(writers, seen)
        if writers is not None:
            self._check_tail()
        subjects = {subject for (subject,) in self._db.execute(_ALL)} | set(self._subjects())
        for subject in sorted(subjects):
            self._check_present(subject)
        return self.chains.head(self.own)

    def _check_chains(self, writers: set[str] | None, seen: set[str]) -> None:
        missing = set(seen)
        for host in self.chains.hosts():
            try:
                self._check_chain(host, writers, missing)
            except BrokenError as error:
                whose = "" if host == self.own else f"of host {host[:16]}, "
                raise BrokenError(f"{whose}{error}") from None
        if missing:
            raise BrokenError(f"it has no entry {min(missing)} any more, or never had one")

    def _check_chain(self, host: str, writers: set[str] | None, missing: set[str]) -> None:
        head = self.chains.start(host)
        for kept in self.chains.rows(host):
            number = head.index + 1
            try:
                head, entry = follow(
                    head,
                    kept.signed,
                    lambda key: key == host and (writers is None or key in writers),
                )
                place = entry.index, entry.subject, entry.time_s
                if (kept.number, kept.subject, kept.time_s) != place:
                    raise BrokenError("it lies in another's place")
                self._check_texts(entry)
            except BrokenError as error:
                raise BrokenError(f"entry {number}: {error}") from None
            missing.discard(head.hash)

    def _check_tail(self) -> None:
        """What was heard must still be there: a chain cannot tell that its end was cut off. Of this
        host's chain others tell: it is their word alone, so that of a host that was removed says
        nothing. Of other chains, also of a host that was removed, this host's own tells: others may
        have heard more."""
        for kept in self.chains.about(f"log {self.own}"):
            if kept.host != self.own and self.chains.is_allowed(kept.host):
                self._check_heard(kept.host, kept.signed.entry())
        for host in self._heard_of():
            for kept in self.chains.about(f"log {host}", self.own):
                try:
                    self._check_heard(self.own, kept.signed.entry(), host)
                except BrokenError as error:
                    raise BrokenError(f"of host {host[:16]}, {error}") from None

    def _heard_of(self) -> Iterator[str]:
        """The other hosts of whose chains this one has heard."""
        for subject in self.chains.subjects("log"):
            host = subject.partition(" ")[2]
            if host != self.own:
                yield host

    def _check_heard(self, teller: str, entry: Entry, host: str = "") -> None:
        """BrokenError unless what `teller` has heard of the chain of `host`, by default of this
        one, is there."""
        host = host or self.own
        seen, hash_ = upto(entry), entry.facts.get("head")
        if entry.verb != HEAR or seen < self.chains.first(host):
            return
        kept = self.chains.entry(host, seen)
        who = "this host" if teller == self.own else f"host {teller[:16]}"
        doubt = "" if teller == self.own else ", unless that host does not tell the truth"
        if kept is None:
            last = self.chains.head(host).index
            raise BrokenError(
                f"{who} has seen entry {seen}, and it ends with entry {last}: its end was cut off"
                f"{doubt}"
            )
        if kept.signed.hash() != hash_:
            raise BrokenError(f"{who} has seen another entry {seen}{doubt}")

    def _check_texts(self, entry: Entry) -> None:
        here = [name for name, _, _ in self.chains.texts(entry.host, entry.index)]
        for name in LASTING:
            if name in entry.texts and name not in here:
                raise BrokenError(f"its {name} is missing")
        for name, salt, said in self.beside(entry.host, entry.index):
            if name not in entry.texts:
                raise BrokenError(f"a text {name} lies beside it that it does not have")
            if said is not None and not text.is_of(entry.texts[name], salt, name, said):
                raise BrokenError(f"its {name} was changed")

    def _check_present(self, subject: str) -> None:
        if not self.is_said(subject):
            raise BrokenError(f"{subject} is not what the log says; it was changed behind its back")

    # --- inside ---

    def _present(self, subject: str) -> Said:
        """What the tables say. Who waits for the operator is not there yet."""
        kind, _, name = subject.partition(" ")
        if kind == "host":
            row = self._db.execute("SELECT name FROM host WHERE public_key = ?", (name,)).fetchone()
            return Said({"allowed": 1}, {NAME: row[0].encode()}) if row else Said()
        row = self._db.execute(
            "SELECT name, groups, emergency, priority, state, epoch, sealed_key FROM device "
            "WHERE id = ? AND state <> ?",
            (name, PENDING),
        ).fetchone()
        if row is None:
            return Said()
        facts: dict[str, Fact] = {
            "state": row[4],
            "groups": parted(row[1]),
            "emergency": row[2],
            "priority": row[3],
            "epoch": row[5],
        }
        texts = {NAME: row[0].encode()}
        key = self._key(row[6], name, row[5])
        return Said(facts, texts if key is None else {**texts, KEY: key})

    def _key(self, sealed: bytes | None, device: str, epoch: int) -> bytes | None:
        """None, too, of a key that does not open: it must be possible to revoke the device."""
        try:
            return None if sealed is None else self._vault.open(sealed, device, epoch)
        except PresselError:
            return None

    def is_own(self, subject: str) -> bool:
        """Whether what holds of it is what this host has said."""
        word = self.standing.of(subject)
        return word is not None and word.kept.host == self.own

    def is_said(self, subject: str) -> bool:
        """Whether the tables say of it what the log says."""
        said = self._present(subject)
        word = self.standing.of(subject)
        if word is None:
            return said == Said()
        entry = word.entry
        marks = {name: mark for name, mark in entry.texts.items() if name != WHO}
        if entry.said != said.facts or marks.keys() != said.texts.keys():
            return False
        salts = {name: salt for name, salt, _ in self.chains.texts(entry.host, entry.index)}
        if NAME in marks and NAME not in salts:  # it was erased: nothing is left to compare
            marks.pop(NAME)
        return all(
            name in salts and text.is_of(marks[name], salts[name], name, said.texts[name])
            for name in marks
        )

    def _subjects(self) -> list[str]:
        own = [f"host {key}" for key in self._allowed_once()]
        return self.chains.subjects("device") + own


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
        "place": list(told.place),
    }
