"""On which line of a TOML file a key stands: the parser in the standard library does not tell.

Only what parsed without an error is looked at. A key inside a value (an inline table, an array)
has the line of that value.
"""

from __future__ import annotations

import re

Key = tuple[str, ...]

_TABLE = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|' r"'[^']*'")
_LONG_QUOTE = re.compile(r'"""|' r"'''")


class Lines:
    """The lines of the keys in `text`, the first line being 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {}
        table: Key = ()
        quote, depth = "", 0  # inside a long string, inside an array of several lines
        for number, line in enumerate(text.splitlines(), start=1):
            if not quote and not depth:
                if header := _TABLE.match(line):
                    table = _parts(header.group(1))
                    self._lines.setdefault(table, number)
                elif key := _KEY.match(line):
                    self._lines.setdefault(table + _parts(key.group(1)), number)
                    line = line[key.end() :]
                else:
                    continue
                if header:
                    continue
            quote, rest = _outside(line, quote)
            depth += rest.count("[") + rest.count("{") - rest.count("]") - rest.count("}")

    def of(self, key: Key) -> int:
        """The line of `key`, or of the nearest table around it, or 1."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)


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
