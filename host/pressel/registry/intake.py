"""Takes over what other hosts have written: each entry is verified before it is kept, and devices
are what all chains together say afterwards. See docs/registry-log.md.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pressel.errors import PresselError
from pressel.ledger import text
from pressel.ledger.broken import AlteredError, BrokenError
from pressel.ledger.chain import Head, follow
from pressel.ledger.entry import AGAIN, Entry
from pressel.ledger.signed import Signed
from pressel.registry import about_networks, checkpoint, meaning
from pressel.registry.about_loans import device_lent
from pressel.registry.about_networks import SECRET
from pressel.registry.chains import CHECKPOINT, start_told
from pressel.registry.device import ACTIVE, KEY_BYTES
from pressel.registry.log import KEY, LASTING, NAME, VENUE, Log
from pressel.registry.standing import HEAR, Word
from pressel.registry.vault import Vault

CHAIN_MAX = 20_000  # entries that are kept of one host, which compacts long before: 20 MB
MEND = "registry mend"  # what this host had written, and others had of it something else
ERASED = "erased"  # the name of a device whose name is erased
ERASE = "device erase"

IsTerm = Callable[[int], bool]  # whether a host may have led in it


@dataclass(frozen=True)
class Sent:
    """An entry as another host sends it, with what lies beside it there: salt and text by name."""

    signed: Signed
    texts: dict[str, tuple[bytes, bytes | None]] = field(default_factory=dict)


@dataclass
class Taken:
    """How many entries were new, and how many devices are `known` then; devices whose key or name
    is missing; by host, number and hash of the entry behind which these are, and lost secrets. By
    host, why its entries are refused from one on: `refused` because of what it has signed,
    `altered` because they came otherwise; `doubted`: what another host says of its chain, and
    nobody can prove. How many entries of our own came back that were missing here, and how many
    `secrets`."""

    new: int = 0
    known: int = 0
    lacking: set[str] = field(default_factory=set)
    bare: dict[str, tuple[int, str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    altered: dict[str, str] = field(default_factory=dict)
    doubted: dict[str, str] = field(default_factory=dict)
    regained: int = 0
    secrets: int = 0


class Intake:
    """Into the database `db` with its `log`, inside of a transaction."""

    def __init__(self, db: sqlite3.Connection, log: Log, vault: Vault) -> None:
        self._db = db
        self._log = log
        self._chains = log.chains
        self._vault = vault
        self._keys: dict[str, list[bytes]] = {}  # by device, those that may be its
        self._taken = Taken()
        self._look_again = False  # at all devices: another word may hold of them
        self._cut: list[str] = []  # what entries of our own were about that others do not know

    def take(
        self,
        sent: Iterable[Sent],
        keys: dict[str, bytes],
        is_term: IsTerm,
        lacking: Iterable[str] = (),
    ) -> Taken:
        """Keep of `sent`, in the order of each chain, what follows; `keys` of devices, as asked
        for since they were `lacking`. Only of hosts that are allowed here."""
        for device, key in keys.items():
            self._keys.setdefault(device, []).append(key)
        by_host: dict[str, list[tuple[Sent, Entry]]] = {}
        for each in sent:
            entry = each.signed.entry()
            by_host.setdefault(entry.host, []).append((each, entry))
        for host, entries in by_host.items():
            if self._chains.is_allowed(host) or host == self._log.own:
                before = self._chains.head(host).index
                self._take_chain(host, entries, is_term)
                self._look_again |= self._log.standing.comes_true(host, before)
        self._mend()
        for device in {*keys, *lacking}:
            self._log.touch(f"device {device}")
        if self._look_again or self._taken.regained:  # what was dropped says nothing any more
            self._touch_all()
        self._apply()
        self._note_lost_secrets()
        query = "SELECT count(*) FROM device WHERE state = ?"
        self._taken.known = self._db.execute(query, (ACTIVE,)).fetchone()[0]
        return self._taken

    def settle(self) -> Taken:
        """Make all devices what the log says."""
        self._touch_all()
        self._apply()
        self._note_lost_secrets()
        return self._taken

    def _touch_all(self) -> None:
        for subject in self._chains.subjects("device"):
            if not self._log.is_said(subject):
                self._log.touch(subject)

    # --- chains ---

    def _take_chain(self, host: str, entries: list[tuple[Sent, Entry]], is_term: IsTerm) -> None:
        """Up to the first that is refused; of a chain that begins anew behind a checkpoint, all or
        nothing."""
        number = entries[0][1].index
        self._db.execute("SAVEPOINT chain")
        head = self._chains.head(host)
        is_whole = host == self._log.own or number > head.index + 1
        try:
            head = self._start(host, entries, head)
            for sent, entry in entries:
                number = entry.index
                if self._is_kept(host, sent.signed, number, head):
                    self._complete(sent, entry)
                else:
                    head = self._take_entry(host, sent, head, is_term)
        except BrokenError as error:
            found = self._taken
            by = found.altered if isinstance(error, AlteredError) else found.refused
            by[host] = f"entry {number}: {error}"
            if is_whole:
                self._db.execute("ROLLBACK TO chain")
            if host == self._log.own:
                self._cut, found.regained = [], 0
        self._db.execute("RELEASE chain")

    def _start(self, host: str, entries: list[tuple[Sent, Entry]], head: Head) -> Head:
        """What the first new entry follows: our last one, or what the checkpoint of a chain says
        that was compacted meanwhile."""
        first = entries[0][1].index
        if host == self._log.own:
            head = self._regain(entries, head)
        if first <= head.index + 1:
            return head
        for sent, entry in entries:
            start = start_told(entry, first)
            if start is not None:
                sent.signed.check()
                return Head(head.term, start.index, start.hash)
        return head

    def _is_kept(self, host: str, signed: Signed, number: int, head: Head) -> bool:
        kept = self._chains.entry(host, number) if number <= head.index else None
        if kept is not None and kept.signed != signed:
            signed.check()
            raise BrokenError(
                "its host has written two of them; remove it with `pressel host remove` unless its "
                "disk was turned back"
            )
        return number <= head.index

    def _take_entry(self, host: str, sent: Sent, head: Head, is_term: IsTerm) -> Head:
        head, entry = follow(head, sent.signed, lambda key: key == host)
        if not is_term(entry.term):
            raise BrokenError(f"nobody can have led in its term {entry.term} yet")
        meaning.check(entry)
        for name in LASTING:
            if name in entry.texts and name not in sent.texts:
                raise AlteredError(f"its {name} is missing, and was not erased")
        self._check_texts(sent, entry)
        if self._chains.count(host) >= CHAIN_MAX:
            raise BrokenError(f"its host has more than {CHAIN_MAX} entries, and compacts none")
        self._keep(sent, entry)
        return head

    def _complete(self, sent: Sent, entry: Entry) -> None:
        """An entry that is here may have come without its secret, or without name and key of its
        device, or with another salt: whoever passed it on can take them away. What was erased is
        erased again."""
        if SECRET in sent.texts and self._lacks_secret(entry):
            salt, said = sent.texts[SECRET]
            self._check_texts(Sent(sent.signed, {SECRET: (salt, said)}), entry)
            self._keep_text(entry, SECRET, salt, said)
            self._taken.secrets += 1
        if not entry.subject.startswith("device ") or entry.facts.get("state") != ACTIVE:
            return
        texts = self._chains.texts(entry.host, entry.index)
        here = {name: (salt, said) for name, salt, said in texts}
        for name in (NAME, KEY):
            salt, said = sent.texts.get(name, (b"", None))
            kept_salt, kept = here.get(name, (b"", None))
            if said is None or kept is not None or kept_salt == salt:
                continue
            self._check_texts(Sent(sent.signed, {name: (salt, said)}), entry)
            self._keep_text(entry, name, salt, said)
            self._log.touch(entry.subject)

    def _check_texts(self, sent: Sent, entry: Entry) -> None:
        for name, (salt, said) in sent.texts.items():
            if name not in entry.texts or len(salt) != text.SALT_BYTES:
                raise AlteredError(f"a text {name} comes with it that it does not have")
            if said is None and name != KEY:
                raise AlteredError(f"its {name} is missing, and was not erased")
            if said is not None and not text.is_of(entry.texts[name], salt, name, said):
                raise AlteredError(f"its {name} was changed")
            if said is not None and name == NAME and entry.subject.startswith("device "):
                meaning.check_name(said)

    def _keep(self, sent: Sent, entry: Entry) -> None:
        heard_s = self._log.now_s()
        if AGAIN & entry.facts.keys():
            former = checkpoint.check_copy(self._chains, entry)
            heard_s = heard_s if former is None else former.heard_s
        if entry.verb == CHECKPOINT:
            self._drop(entry)
        self._chains.add(sent.signed, entry, heard_s)
        for name, (salt, said) in sent.texts.items():
            self._keep_text(entry, name, salt, said)
        self._taken.new += 1
        if entry.subject.startswith("device "):
            self._log.touch(entry.subject)
        elif (lent := device_lent(entry)) is not None:
            self._log.touch(f"device {lent}")  # its names may have been erased
        if entry.verb == HEAR:
            self._compare(entry)

    def _keep_text(self, entry: Entry, name: str, salt: bytes, said: bytes | None) -> None:
        if name == KEY and said is not None:
            device = entry.subject.partition(" ")[2]
            self._keys.setdefault(device, []).append(said)
        self._log.keep_beside(entry, name, salt, None if name == KEY else said)

    def _compare(self, entry: Entry) -> None:
        """Who tells different hosts different things is told of; but the word of one host is no
        proof against another, which its signature would be."""
        host, upto = entry.subject.partition(" ")[2], entry.facts.get("upto")
        kept = self._chains.entry(host, upto) if isinstance(upto, int) else None
        if kept is not None and kept.signed.hash() != entry.facts.get("head"):
            self._taken.doubted[host] = (
                f"entry {upto}: host {entry.host[:16]} says that it has another one than is here; "
                "one of the two hosts does not tell the truth"
            )

    def _drop(self, entry: Entry) -> None:
        """What lies before the checkpoint `entry` goes, if nothing is lost by that."""
        first = checkpoint.check_start(self._chains, entry)
        self._db.execute("SAVEPOINT whole")
        try:
            checkpoint.drop(self._chains, entry.host, first)
        except BrokenError:
            self._db.execute("ROLLBACK TO whole")
            raise
        finally:
            self._db.execute("RELEASE whole")

    def _regain(self, entries: list[tuple[Sent, Entry]], head: Head) -> Head:
        """What others have of our own chain counts, if it is longer than what we have: our disk was
        turned back. What we have written since is written anew, as far as it can be told."""
        if entries[-1][1].index <= head.index:
            return head
        if entries[0][1].index > head.index + 1:
            self._cut = self._ended()
            self._chains.drop(self._log.own, 1)
            self._taken.regained += len(entries)
            return head
        turned = head
        for sent, entry in entries:
            sent.signed.check()
            kept = self._chains.entry(entry.host, entry.index)
            if kept is not None and kept.signed != sent.signed:
                rows = self._chains.rows(entry.host, entry.index - 1)
                self._cut = list(dict.fromkeys(each.subject for each in rows))
                self._chains.drop(entry.host, entry.index)
                turned = self._chains.head(entry.host)
                break
        self._taken.regained += entries[-1][1].index - turned.index
        return turned

    def _ended(self) -> list[str]:
        """What of a chain is kept that ends before the one that others have begins: they cannot
        tell what of it was written after the disk was turned back, so who was revoked stays so, and
        the hosts are those that are here."""
        words = [Word(each, each.signed.entry()) for each in self._chains.rows(self._log.own)]
        kept = [each for each in words if each.ends or each.entry.subject.startswith("host ")]
        return list(dict.fromkeys(each.entry.subject for each in kept))

    def _mend(self) -> None:
        """Write anew what this host had written, as it is here; what was revoked stays so."""
        for subject in self._cut:
            word = self._log.standing.of(subject)
            if subject.startswith("device ") and word is not None and word.ends:
                self._log.touch(subject)
            elif subject.startswith(("device ", "host ")) and not self._log.is_said(subject):
                self._log.restate(MEND, subject)

    # --- devices ---

    def _apply(self) -> None:
        for subject in self._log.touched():
            if subject.startswith("device "):
                self._apply_one(subject)
        left = [each for each in self._log.touched() if not self._log.is_said(each)]
        for subject in left:
            device = subject.partition(" ")[2]
            if subject.startswith("device ") and device not in self._taken.lacking:
                raise PresselError(f"{subject} could not be made what the log says")

    def _apply_one(self, subject: str) -> None:
        word = self._log.standing.of(subject)
        device = subject.partition(" ")[2]
        if word is None or word.entry.is_tombstone:
            self._db.execute("DELETE FROM device WHERE id = ? AND state <> 'pending'", (device,))
            return
        self._chains.forget_texts(subject, KEY, word.kept)
        if any(each.signed.entry().verb == ERASE for each in self._chains.about(subject)):
            self._log.erase_names(subject, word.kept)
        self._write(device, word)

    def _write(self, device: str, word: Word) -> None:
        facts = word.entry.facts
        now_s = self._log.now_s()
        sealed, epoch = None, facts["epoch"]
        name = self._name(word)
        if facts["state"] == ACTIVE:
            key = self._key(device, word)
            if key is None or name is None:
                self._taken.lacking.add(device)
                self._note_bare(word)
            if key is None:
                return
            assert isinstance(epoch, int)
            sealed = self._vault.seal(key, device, epoch)
        groups = facts["groups"]
        assert isinstance(groups, tuple)
        values = (
            name or ERASED, sealed, epoch, ",".join(map(str, groups)), facts["emergency"],
            facts["priority"], facts["state"], now_s,
        )  # fmt: skip
        changed = self._db.execute(
            "UPDATE device SET name = ?, sealed_key = ?, epoch = ?, groups = ?, emergency = ?, "
            "priority = ?, state = ?, changed_s = ?, check_code = NULL WHERE id = ?",
            (*values, device),
        )
        if changed.rowcount == 0:
            marks = ", ".join("?" * 11)
            row = (device, *values, now_s, None)
            self._db.execute(f"INSERT INTO device VALUES ({marks})", row)

    def _note_bare(self, word: Word) -> None:
        host, number = word.kept.host, word.kept.number - 1
        if number < self._taken.bare.get(host, (number + 1, ""))[0]:
            self._taken.bare[host] = number, word.entry.before

    def _note_lost_secrets(self) -> None:
        """A host of a former version passes entries on without, and a disk may spoil one. The last
        of each kind is enough."""
        words = [Word(kept, kept.signed.entry()) for kept in self._chains.with_text(VENUE, SECRET)]
        words.sort(key=lambda word: word.rank)
        for word in about_networks.last_words(words):
            if self._lacks_secret(word.entry):
                self._note_bare(word)

    def _lacks_secret(self, entry: Entry) -> bool:
        with contextlib.suppress(BrokenError):
            beside = self._log.beside(entry.host, entry.index)
            return SECRET in entry.texts and not any(
                name == SECRET and said is not None for name, _, said in beside
            )
        return True

    def _name(self, word: Word) -> str | None:
        for name, _, said in self._chains.texts(word.kept.host, word.kept.number):
            if name == NAME and said is not None:
                return said.decode("utf-8", "replace")
        return None

    def _key(self, device: str, word: Word) -> bytes | None:
        """The key that the entry is marked with: one that came, or the one that is here."""
        row = self._db.execute(
            "SELECT sealed_key, epoch FROM device WHERE id = ? AND sealed_key IS NOT NULL",
            (device,),
        ).fetchone()
        found = list(self._keys.get(device, ()))
        if row is not None:
            with contextlib.suppress(PresselError):  # damaged: another host has it
                found.append(self._vault.open(row[0], device, row[1]))
        salts = {
            name: salt for name, salt, _ in self._chains.texts(word.kept.host, word.kept.number)
        }
        for key in found:
            marked = word.entry.texts[KEY]
            if len(key) == KEY_BYTES and KEY in salts and text.is_of(marked, salts[KEY], KEY, key):
                return key
        return None
