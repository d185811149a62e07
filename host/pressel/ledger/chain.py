"""Whether entries follow one another: numbered without a gap, terms that do not fall, each with the
hash of the one before, each signed by a host that may write.

What is cut off at the end leaves a chain that is whole: only who has seen the longer one can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pressel.ledger.broken import AlteredError, BrokenError
from pressel.ledger.entry import NOTHING, Entry
from pressel.ledger.signed import Signed

MayWrite = Callable[[str], bool]  # a host's public key in hexadecimal


@dataclass(frozen=True)
class Head:
    """The last entry of a chain; of an empty one the numbers are 0."""

    term: int = 0
    index: int = 0
    hash: str = NOTHING


def follow(head: Head, signed: Signed, may_write: MayWrite) -> tuple[Head, Entry]:
    """The head with `signed` added, and its entry. BrokenError says why it must not be,
    AlteredError when that is no fault of its writer."""
    entry = signed.check()
    if entry.index != head.index + 1:
        raise AlteredError(f"it says that it is entry {entry.index}")
    if entry.before != head.hash:
        raise BrokenError("the entry before it is another one than when it was written")
    if entry.term < head.term:
        raise BrokenError(
            f"its term {entry.term} is lower than {head.term}, that of the one before"
        )
    if not may_write(entry.host):
        raise BrokenError(f"host {entry.host[:16]} wrote it, which is not allowed here")
    return Head(entry.term, entry.index, signed.hash()), entry


def verify(entries: Iterable[Signed], may_write: MayWrite, start: Head = Head()) -> Head:
    """The head of `entries`, which follow `start`. BrokenError names the first that does not."""
    head = start
    for signed in entries:
        try:
            head, _ = follow(head, signed, may_write)
        except BrokenError as error:
            raise BrokenError(f"entry {head.index + 1}: {error}") from None
    return head
