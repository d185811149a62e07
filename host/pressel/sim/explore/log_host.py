"""A host of the model of the venue's log: a whole registry whose database lies in memory, and can
be put back to what it was.

Its clock stands still, and its keys, salts and nonces follow from what it does, so that the same
actions lead to the same rows.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.errors import PresselError
from pressel.ledger.text import SALT_BYTES
from pressel.registry import tables
from pressel.registry.device import ACTIVE
from pressel.registry.intake import Taken
from pressel.registry.log import KEY, VENUE, Log
from pressel.registry.store import Registry
from pressel.registry.vault import Vault

Rows = tuple[tuple, ...]  # of each of _TABLES

DEVICE = "00000000000000a1"  # the one that the model is about
_TABLES = ("entry", "entry_text", "device", "host")
_NOW_S = 1_000_000
_FOLDER = Path("in-memory")  # of no file


class Host(Registry):
    """That of this `number`, from 0. `turned`: how often its disk was turned back; what it writes
    since then has other salts."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.turned = 0
        self.file = _FOLDER
        self._now_s = lambda: _NOW_S
        self._vault = _PlainVault()
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        tables.migrate(self._db, self.file)
        self._take_rooms()
        self._db.execute("INSERT INTO registry (one, changes, mark) VALUES (1, 0, '')")
        private = Ed25519PrivateKey.from_private_bytes(bytes([number + 1]) * 32)
        self.log = Log(self._db, self._vault, private, self._now_s, self._salt)
        with self._transaction():
            self.log.begin()

    def rows(self) -> Rows:
        return tuple(
            tuple(self._db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall())
            for table in _TABLES
        )

    def put_back(self, rows: Rows) -> None:
        """Be as it was when these were its rows."""
        self._db.execute("BEGIN")
        for table, those in zip(_TABLES, rows, strict=True):
            self._db.execute(f"DELETE FROM {table}")
            if those:
                marks = ", ".join("?" * len(those[0]))
                self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", those)
        self.log.touched()
        self._db.execute("COMMIT")

    def hear(self, source: Host) -> Taken:
        """Take over what `source` gives, and ask again for what was missing beside it, as a host
        that starts does."""
        bare = self.settled().bare
        taken = self.take(source.page(_known(self) | bare).sent, {}, _is_term)
        if taken.lacking:
            page = source.page(_known(self) | taken.bare, taken.lacking)
            self.take(page.sent, page.keys, _is_term, taken.lacking)
        return taken

    def lacks_key(self) -> bool:
        """Whether the device takes part by an entry beside which the mark of its key is missing:
        its key cannot be told until somebody gives that again."""
        word = self.log.standing.of(f"device {DEVICE}")
        if word is None or word.entry.facts.get("state") != ACTIVE:
            return False
        beside = self.log.chains.texts(word.kept.host, word.kept.number)
        return KEY not in [name for name, _, _ in beside]

    def crowd(self) -> None:
        """Write so much about the venue that a checkpoint drops half of the chain."""
        with self._change():
            for number in range(self.log.chains.count(self.log.own) + 2):
                self.log.note("settings set", VENUE, {"done": 1}, str(number))

    def key_of(self, number: int) -> bytes:
        """The device's key that it has for that time."""
        return hashlib.sha256(bytes([self.number, number, self.turned])).digest()

    def _salt(self) -> bytes:
        return bytes([self.turned]) * SALT_BYTES


class _PlainVault(Vault):
    """Seals nothing: keys lie in memory. What lies in another's place does not open, as always."""

    def __init__(self) -> None:
        super().__init__(bytes(32))

    def seal(self, key: bytes, device: str, epoch: int) -> bytes:
        return _place(device, epoch) + key

    def open(self, sealed: bytes, device: str, epoch: int) -> bytes:
        place = _place(device, epoch)
        if not sealed.startswith(place):
            raise PresselError(f"the key of device {device} lies in another's place")
        return sealed[len(place) :]


def _place(device: str, epoch: int) -> bytes:
    return f"{device}:{epoch}\n".encode("ascii")


def _known(host: Host) -> dict[str, tuple[int, str]]:
    return {each: (head.index, head.hash) for each, head in host.heads().items()}


def _is_term(term: int) -> bool:
    """Whether hosts led in their terms is another model's affair."""
    return True
