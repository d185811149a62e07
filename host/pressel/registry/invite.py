"""The code of an invitation: short enough to be spoken, too long to be guessed while it lives.

Eight letters of 20 are 34 bits. A code lives for minutes and dies by its first use.
"""

from __future__ import annotations

import secrets

from pressel.errors import UsageError

LIFE_S = 600  # enough to walk to a badge and type it
LIFE_S_MAX = 86_400  # a code that lives for more than a day will be written down
INVITES_MAX = 64  # open at once; more than any venue hands out in ten minutes

# Nothing that looks like another: no 0 O, 1 I L, 2 Z, 5 S, 6 G, 8 B, U but no V. Said by a spelling
# alphabet, they are told apart by ear too.
_LETTERS = "ACDEFHJKMNPQRTUWXY34"
_COUNT = 8


def new_code() -> str:
    """A fresh code, written as ACDE-FHJK."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_COUNT))
    return f"{letters[:4]}-{letters[4:]}"


def plain_code(text: str) -> str:
    """What was typed without gaps and case. UsageError when it can be no code."""
    plain = text.upper().replace("-", "").replace(" ", "")
    if len(plain) != _COUNT or any(letter not in _LETTERS for letter in plain):
        raise UsageError(f"an invite code has {_COUNT} letters and looks like ACDE-FHJK")
    return plain
