"""One entry of the log, and the one way to write it as bytes.

An entry says what became of one subject: a device, a host, or the registry itself. It holds ids,
facts and the marks of texts (`text.py`), never a name, a note or a key.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from typing import Any

from pressel.json_text import read_json
from pressel.ledger.broken import BrokenError
from ptt.cluster.ballot import TERM_MAX

HASH_DIGITS = 64  # SHA-256 in hexadecimal
NOTHING = "0" * HASH_DIGITS  # what comes before the first entry

BODY_BYTES_MAX = 2048  # 8 groups of a device, 4 marks and 2 keys take less than 900
INDEX_MAX = (1 << 53) - 1  # what every reader of JSON counts exactly; 1,000 a second for ages
TIME_S_MAX = 1 << 40  # 34,000 years: a wrong clock is shown, and does no harm
LIST_MAX = 16  # values in a list of facts, twice the groups that a device has
FIELDS_MAX = 16  # facts or texts of one entry

# Facts of an entry that stands for one that a checkpoint has dropped: its index, and its term.
WAS, SINCE = "was", "since"
AGAIN = {WAS, SINCE}

_HASH = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[a-z][a-z_]{0,23}")  # of facts and texts
_VERB = re.compile(r"[a-z]{1,16}( [a-z]{1,16}){0,2}")
_SUBJECT = re.compile(r"[a-z]{1,16}( [0-9a-f]{16}| [0-9a-f]{64})?")
_STATE = re.compile(r"[a-z]{1,16}")

Fact = int | str | tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """`index` counts from 1 without a gap, `term` is that in which `host` (its public key in
    hexadecimal) led; `before` the hash of the entry before, or NOTHING. `verb` is what was asked
    for, as `device revoke`. `facts` are all that holds of `subject` from now on; none: it is gone,
    and the entry is its tombstone. `texts` are marks by the name of the text."""

    term: int
    index: int
    time_s: int
    host: str
    before: str
    verb: str
    subject: str
    facts: dict[str, Fact] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, Fact]:
        """The facts without those of an entry that a checkpoint has said again."""
        return {name: value for name, value in self.facts.items() if name not in AGAIN}

    @property
    def is_tombstone(self) -> bool:
        return not self.said

    @property
    def origin(self) -> tuple[int, int]:
        """Index and term in which it was first said: what counts, wherever it lies now."""
        index, term = (self.facts.get(name) for name in (WAS, SINCE))
        if isinstance(index, int) and isinstance(term, int):
            return index, term
        return self.index, self.term


def write(entry: Entry) -> bytes:
    """The bytes that are signed and hashed. BrokenError when `entry` is out of range."""
    _check(entry)
    body = _written({each.name: getattr(entry, each.name) for each in fields(Entry)})
    if len(body) > BODY_BYTES_MAX:
        raise BrokenError(f"it has {len(body)} bytes, more than {BODY_BYTES_MAX}")
    return body


def read(body: bytes) -> Entry:
    """The entry that `write` made `body` of. BrokenError for all other bytes: there is one way to
    write an entry, so that no two bodies mean the same."""
    if len(body) > BODY_BYTES_MAX:
        raise BrokenError(f"it has {len(body)} bytes, more than {BODY_BYTES_MAX}")
    try:
        told = read_json(body)
    except ValueError:
        raise BrokenError("it is not JSON") from None
    if not isinstance(told, dict) or told.keys() != _NAMES:
        raise BrokenError("it has other fields than an entry of this version")
    facts = told["facts"]
    if isinstance(facts, dict):
        told["facts"] = {k: tuple(v) if isinstance(v, list) else v for k, v in facts.items()}
    entry = Entry(**told)
    _check(entry)
    if _written(told) != body:
        raise BrokenError("it is not written as entries are")
    return entry


_NAMES = {each.name for each in fields(Entry)}


def _written(told: dict[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode("ascii")


def _check(entry: Entry) -> None:
    """BrokenError when something is out of range: what a peer or a file says is bounded."""
    numbers = (("term", 1, TERM_MAX), ("index", 1, INDEX_MAX), ("time_s", 0, TIME_S_MAX))
    for name, least, most in numbers:
        value = getattr(entry, name)
        if type(value) is not int or not least <= value <= most:
            raise BrokenError(f"its {name} is not between {least} and {most}")
    shapes = (("host", _HASH), ("before", _HASH), ("verb", _VERB), ("subject", _SUBJECT))
    for name, shape in shapes:
        if not _is(getattr(entry, name), shape):
            raise BrokenError(f"its {name} is none")
    for name, values in (("facts", entry.facts), ("texts", entry.texts)):
        if not isinstance(values, dict) or len(values) > FIELDS_MAX:
            raise BrokenError(f"its {name} are none")
        if not all(_is(word, _WORD) for word in values):
            raise BrokenError(f"its {name} have a wrong name")
    if not all(map(_is_fact, entry.facts.values())):
        raise BrokenError("its facts are none")
    if not all(_is(mark, _HASH) for mark in entry.texts.values()):
        raise BrokenError("its texts are no marks")
    _check_again(entry)


def _check_again(entry: Entry) -> None:
    """Who says something again can say it neither earlier nor later than it may have been said."""
    given = AGAIN & entry.facts.keys()
    if not given:
        return
    was, since = entry.facts.get(WAS), entry.facts.get(SINCE)
    if not isinstance(was, int) or not isinstance(since, int):
        raise BrokenError("it does not say of which entry it is a copy")
    if not (1 <= was < entry.index and 1 <= since <= entry.term):
        raise BrokenError("it is a copy of an entry that there cannot be")


def _is(value: Any, shape: re.Pattern[str]) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _is_fact(value: Any) -> bool:
    if isinstance(value, tuple):
        return len(value) <= LIST_MAX and all(map(_is_number, value))
    return _is_number(value) or _is(value, _STATE) or _is(value, _HASH)


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= INDEX_MAX
