"""Which board each badge is: told by whoever flashed it, or by an operator, in the venue's log.

A badge does not say it, and needs nothing for it. An entry's facts tell the device and, letter by
letter, the board, so that whoever has the log has it, whatever is erased beside it. The newest
entry about a device holds; one without a letter says that nobody knows any more.
"""

from __future__ import annotations

from collections.abc import Iterable

from pressel.errors import UsageError
from pressel.ledger.entry import Entry, Fact
from pressel.registry.about_loans import device_of, halves
from pressel.registry.standing import Word
from ptt.cluster.settings_body import BOARD_BYTES_MAX, is_board

BOARD = "device board"  # the verb, and that of its entries
_LETTERS = 4  # in a number: what fits the facts of an entry, which has few


def checked_board(name: str) -> str:
    """UsageError unless a board can be called so; "": nobody knows which it is."""
    if name and not is_board(name):
        raise UsageError(
            f"no board can be called {name!r}: a name has 1 to {BOARD_BYTES_MAX} small letters, "
            "digits and hyphens, a letter among them and no hyphen first"
        )
    return name


def facts_of(device: str, name: str) -> dict[str, Fact]:
    letters = name.encode()
    parts = [letters[at : at + _LETTERS] for at in range(0, len(letters), _LETTERS)]
    return {**halves(device), "board": tuple(int.from_bytes(each, "big") for each in parts)}


def board_of(entry: Entry) -> tuple[str, str] | None:
    """Device and board that this entry tells of, "" where nobody knows it any more; None when it
    tells of none."""
    device, told = device_of(entry.facts), entry.facts.get("board")
    if entry.verb != BOARD or device is None or not isinstance(told, tuple):
        return None
    if any(part >> 8 * _LETTERS for part in told):
        return None
    letters = b"".join(part.to_bytes(_LETTERS, "big").lstrip(b"\0") for part in told)
    name = letters.decode("ascii", "replace")
    return (device, name) if not name or is_board(name) else None


def boards_of(entries: Iterable[Entry]) -> dict[str, str]:
    """By device, what board it is."""
    found: dict[str, str] = {}
    for entry in sorted(entries, key=_when):
        told = board_of(entry)
        if told is not None:
            found[told[0]] = told[1]
    return {device: board for device, board in found.items() if board}


def last_words(words: Iterable[Word]) -> list[Word]:
    """Of `words`, which are in order: one for each device of which a board was ever told."""
    last: dict[str, Word] = {}
    for word in words:
        told = board_of(word.entry)
        if told is not None:
            last[told[0]] = word
    return list(last.values())


def _when(entry: Entry) -> tuple[int, int, int]:
    """In which term, when and as which entry it was said first: a checkpoint may have said it
    again."""
    index, term = entry.origin
    return term, entry.time_s, index
