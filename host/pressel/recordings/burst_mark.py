"""What a recorded burst is called: the term of its leader and its number on the wire."""

from __future__ import annotations

import re
from typing import NamedTuple

from pressel.errors import UsageError
from ptt.base.numbers import INT_MAX

_WORD = re.compile(r"([0-9]{1,10})-([0-9]{1,10})")


class Mark(NamedTuple):
    """`burst` is the lease. Where hosts led at once, two bursts have one number, but not one
    term."""

    term: int
    burst: int

    def __str__(self) -> str:
        return f"{self.term}-{self.burst}"


def mark_of(word: object) -> Mark:
    """The mark that `word` writes as TERM-BURST. UsageError when it is none."""
    found = _WORD.fullmatch(str(word))
    if found is None or max(numbers := (int(found[1]), int(found[2]))) > INT_MAX:
        raise UsageError(
            f"{str(word)[:40]!r} names no recording; `pressel recordings list` shows them, "
            "such as 3-1207"
        )
    return Mark(*numbers)
