"""Codes that people say to each other: for an invitation, and for comparing two screens.

Eight letters out of 20 are 34 bits. The first two of an invitation's code say which one it is, the
other six (26 bits) are its secret, at which nobody has more than `TRIES` guesses. It lives for
minutes and dies at its first use.
"""

from __future__ import annotations

import secrets

from pressel.errors import UsageError

LIFE_S = 600  # enough to walk to a badge and type it
LIFE_S_MAX = 86_400  # a code that lives for more than a day will be written down
INVITES_MAX = 64  # open at once; more than any venue hands out in ten minutes
TRIES = 3  # people mistype; of 2^26 secrets three may be tried

# Nothing that looks like another: no 0 O, 1 I L, 2 Z, 5 S, 6 G, 8 B, U but no V. Said by a spelling
# alphabet, they are told apart by ear too.
_LETTERS = "ACDEFHJKMNPQRTUWXY34"
_COUNT = 8
_PLACE_COUNT = 2


def written_code(number: int) -> str:
    """`number`, modulo how many codes there are, as ACDE-FHJK."""
    letters = ""
    for _ in range(_COUNT):
        number, rest = divmod(number, len(_LETTERS))
        letters += _LETTERS[rest]
    return in_groups(letters)


def in_groups(plain: str) -> str:
    """A plain code as people read it."""
    return f"{plain[:4]}-{plain[4:]}"


def new_code(taken: set[str]) -> str:
    """A fresh one whose place is none of `taken`, of which there are fewer than INVITES_MAX."""
    while True:
        code = written_code(secrets.randbelow(len(_LETTERS) ** _COUNT))
        if place_of(plain_code(code)) not in taken:
            return code


def plain_code(text: str) -> str:
    """What was typed, without gaps and case. UsageError when it cannot be a code."""
    plain = text.upper().replace("-", "").replace(" ", "")
    if len(plain) != _COUNT or any(letter not in _LETTERS for letter in plain):
        raise UsageError(f"a code has {_COUNT} letters and looks like ACDE-FHJK")
    return plain


def place_of(plain: str) -> str:
    """Which invitation a plain code is of; no secret."""
    return plain[:_PLACE_COUNT]
