"""The line of a TOML file on which a key stands, which the parser in the standard library does not
tell.

It reads only files that have parsed without an error. The n-th `[[table]]`, and the n-th inline
table of an array that has a line of its own, have the key part n, from 0. Any other key inside a
value has the line of that value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Key = tuple[str | int, ...]

_TABLE = re.compile(r"\s*(\[+)\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|' r"'[^']*'")
_LONG_QUOTE = re.compile(r'"""|' r"'''")
_ARRAY = "[["


class Lines:
    """The lines of the keys in `text`, the first line being 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {}
        self._counts: dict[Key, int] = {}  # entries of arrays that it has seen so far
        table: Key = ()
        value: Key = ()  # the key whose value the line is part of
        quote, depth = "", 0  # inside a long string, inside an array of several lines
        for number, line in enumerate(text.splitlines(), start=1):
            if not quote and not depth:
                if header := _TABLE.match(line):
                    table = self._open(header, number)
                    continue
                if not (key := _KEY.match(line)):
                    continue
                value = table + _parts(key.group(1))
                self._lines.setdefault(value, number)
                line = line[key.end() :]
            elif depth == 1 and not quote and line.lstrip().startswith("{"):
                self._lines[self._entry(value)] = number
            quote, rest = _outside(line, quote)
            depth += rest.count("[") + rest.count("{") - rest.count("]") - rest.count("}")

    def of(self, key: Sequence[str | int]) -> int:
        """The line of `key`, or of the nearest table around it, or 1."""
        key = tuple(key)
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)

    def _open(self, header: re.Match[str], number: int) -> Key:
        table = _parts(header.group(2))
        self._lines.setdefault(table, number)
        if header.group(1) == _ARRAY:
            table = self._entry(table)
            self._lines[table] = number
        return table

    def _entry(self, array: Key) -> Key:
        count = self._counts.get(array, 0)
        self._counts[array] = count + 1
        return (*array, count)


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
