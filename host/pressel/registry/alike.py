"""Which names look like another to people who glance at a badge or a log, and which nobody may
have.

The look of a name is what is left when case, gaps, marks between words, and letters that cannot be
told apart are gone. The table is our own because it is small: the letters of Cyrillic and Greek
that look like Latin ones, and the pairs within Latin. Of the libraries, `confusable-homoglyphs`
says whether a word could be mistaken but not for which, and ICU's is a C++ library for one call.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from pressel.errors import UsageError
from ptt.base.numbers import NAME_BYTES_MAX

# Capitals have their own line where only they look alike; then small letters and digits.
_PAIRS = (
    ("АВЕЅІЈКМНОРСТУХҮԚԜӀ", "ABESIJKMHOPCTYXYQWI"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "ABEZHIKMNOPTYXC"),
    ("авеѕіјкмнорстухүԛԝӏһɡԁ", "abesijkmhopctyxyqwlhgd"),
    ("αβειικνορτυχγωϲ", "abeiikvoptuxywc"),
    ("ıɩƖǀ", "iiii"),
)
_LETTERS = {ord(one): other for pair in _PAIRS for one, other in zip(*pair, strict=True)}
# Within Latin, when case is gone: told apart by nobody on a small screen.
_WITHIN = (("0", "o"), ("1", "l"), ("i", "l"), ("|", "l"), ("5", "s"), ("rn", "m"), ("vv", "w"))

OPERATOR = "operator"  # whom texts come from that are written at the leader box
_EXACT = (OPERATOR,)
_INSIDE = ("leader box", "old app", "v1 bridge")  # how kinds of talkers and writers are shown


def look(name: str) -> str:
    """Two names with the same one cannot be told apart."""
    seen = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).translate(_LETTERS))
    seen = seen.casefold().translate(_LETTERS)
    for one, other in _WITHIN:
        seen = seen.replace(one, other)
    # What is left of names without any letter or digit is their marks.
    return "".join(each for each in seen if each.isalnum()) or seen


_EXACT_LOOKS = {look(each) for each in _EXACT}
_INSIDE_LOOKS = tuple(look(each) for each in _INSIDE)


def is_reserved(name: str) -> bool:
    seen = look(name)
    return seen in _EXACT_LOOKS or any(each in seen for each in _INSIDE_LOOKS)


def check_free(name: str, others: Iterable[str]) -> None:
    """UsageError when `name` looks like one of `others`, or like what is not a badge."""
    if is_reserved(name):
        raise UsageError(
            f"'{name}' is how Pressel itself is shown, or looks like it; choose another name"
        )
    seen = look(name)
    for other in others:
        if look(other) == seen:
            raise UsageError(f"there is a '{other}' already, which looks the same; add a word")


def free(name: str, others: Iterable[str]) -> str:
    """`name`, or `name 2` and so on when it looks like one of `others`."""
    looks = {look(each) for each in others}
    tried, number = name, 1
    while look(tried) in looks:
        number += 1
        tried = with_end(name, f" {number}")
    return tried


def with_end(name: str, end: str) -> str:
    """Cut so that it is no longer than a name may be."""
    room = NAME_BYTES_MAX - len(end.encode())
    return name.encode()[:room].decode(errors="ignore").rstrip() + end
