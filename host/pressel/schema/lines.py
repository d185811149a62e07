"""Where in a TOML file a key stands, which the parser in the standard library does not
tell.

It reads only files that have parsed without an error. The n-th `[[table]]`, and the n-th inline
table of an array that has a line of its own, have the key part n, from 0. Any other key inside a
value has the line of that value, and its own column if it can be found there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .finding import START, Spot

Key = tuple[str | int, ...]

_TABLE = re.compile(r"\s*(\[+)\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|' r"'[^']*'")
_LONG_QUOTE = re.compile(r'"""|' r"'''")
_ARRAY = "[["


class Lines:
    """The places of the keys in `text`."""

    def __init__(self, text: str) -> None:
        self._spots: dict[Key, Spot] = {}
        self._text = text.splitlines()
        self._counts: dict[Key, int] = {}  # entries of arrays that it has seen so far
        table: Key = ()
        value: Key = ()  # the key whose value the line is part of
        quote, depth = "", 0  # inside a long string, inside an array of several lines
        for number, line in enumerate(self._text, start=1):
            if not quote and not depth:
                if header := _TABLE.match(line):
                    table = self._open(header, number)
                    continue
                if not (key := _KEY.match(line)):
                    continue
                value = table + _parts(key.group(1))
                self._spots.setdefault(value, Spot(number, key.start(1) + 1))
                line = line[key.end() :]
            elif depth == 1 and not quote and line.lstrip().startswith("{"):
                self._spots[self._entry(value)] = _spot(number, line)
            quote, rest = _outside(line, quote)
            depth += rest.count("[") + rest.count("{") - rest.count("]") - rest.count("}")

    def of(self, key: Sequence[str | int]) -> Spot:
        """The place of `key`, or of the nearest table around it, or the file's start."""
        known = tuple(key)
        while known and known not in self._spots:
            known = known[:-1]
        spot = self._spots.get(known, START)
        for part in key[len(known) :]:  # inside of a value on one line
            line = self._text[spot.line - 1] if self._text else ""
            inner = re.compile(rf"[{{,]\s*({re.escape(str(part))})\s*=").search(
                line, spot.column - 1
            )
            if inner is None:
                break
            spot = Spot(spot.line, inner.start(1) + 1)
        return spot

    def _open(self, header: re.Match[str], number: int) -> Key:
        table = _parts(header.group(2))
        self._spots.setdefault(table, _spot(number, header.string))
        if header.group(1) == _ARRAY:
            table = self._entry(table)
            self._spots[table] = _spot(number, header.string)
        return table

    def _entry(self, array: Key) -> Key:
        count = self._counts.get(array, 0)
        self._counts[array] = count + 1
        return (*array, count)


def _spot(number: int, line: str) -> Spot:
    """Of the first character that is no space."""
    return Spot(number, len(line) - len(line.lstrip()) + 1)


def _parts(dotted: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _outside(line: str, quote: str) -> tuple[str, str]:
    """The long quote open at the end of `line`, and what of the line is outside of strings."""
    rest = ""
    while True:
        if quote:
            _, closed, line = line.partition(quote)
            if not closed:
                return quote, rest
            quote = ""
        opened = _LONG_QUOTE.search(line)
        if not opened:
            return "", rest + _STRINGS.sub("", line).split("#")[0]
        rest += _STRINGS.sub("", line[: opened.start()])
        quote, line = opened.group(), line[opened.end() :]
