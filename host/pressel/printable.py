"""Which characters of what people write may reach a terminal or a log: all that make a letter, and
none that moves the cursor or turns the reading of a line round."""

from __future__ import annotations

# Format characters that scripts and emoji are written with: joiners of Persian, of Indian scripts
# and of emoji, marks of direction that end with their word, and the letters inside a flag.
_JOINERS = frozenset("\u200c\u200d\u200e\u200f") | {chr(code) for code in range(0xE0020, 0xE0080)}


def is_printable(text: str) -> bool:
    return all(map(_is_shown, text))


def printable(text: str, instead: str = "?") -> str:
    """`text` with `instead` in place of what controls a terminal."""
    return "".join(each if _is_shown(each) else instead for each in text)


def one_line(text: str) -> str:
    """`text` with one blank for each piece of white space, and none at its ends."""
    return " ".join(text.split())


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _JOINERS
