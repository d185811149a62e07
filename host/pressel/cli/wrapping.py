"""Sentences on a terminal go on in the next line at a word, where a terminal would break them in
the middle of one. Pipes, files and what is for programs stay as they are.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

# What these commands print is for programs, or comes from a badge as it is.
_VERBATIM = ("completion", "dissector", "export", "logs", "metrics", "schema", "shell")
_HANG = re.compile(r"\s*(?:\S+ ?\S* {2,})?")  # an indent, and a label with a gap behind it
_SHORT = 20  # letters: no terminal is narrower, so a shorter line needs no look at its width


@contextlib.contextmanager
def on_terminals(args: Sequence[str]) -> Iterator[None]:
    """Wrap what the command of these words tells people."""
    before = sys.stdout, sys.stderr
    if "--json" not in args and not set(args[:2]) & set(_VERBATIM):
        sys.stdout, sys.stderr = (Wrapped(each) if each.isatty() else each for each in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class Wrapped:
    """A stream that is a terminal. Escape sequences, and what goes on in a line that was begun,
    pass as they are: whoever draws has looked at the width already."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._is_begun = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        shown = text
        if not self._is_begun and "\x1b" not in text and "\r" not in text and len(text) > _SHORT:
            shown = "".join(self._fitted(line) for line in text.splitlines(keepends=True))
        if text:
            self._is_begun = not text.endswith("\n")
        self._stream.write(shown)
        return len(text)

    def _fitted(self, line: str) -> str:
        from rich.console import Console  # late: most lines are short

        return wrapped(line, Console(file=self._stream).width) if len(line) > _SHORT else line


def wrapped(line: str, width: int) -> str:
    """`line` in lines of `width` cells, each below the first one's text. A word that is longer, a
    key say, stays whole; so does a line that is a command, which is there to be copied."""
    from rich.cells import cell_len

    if cell_len(line.rstrip()) <= width or line.lstrip().startswith("pressel "):
        return line
    head = _HANG.match(line)
    start = head.group() if head else ""
    if cell_len(start) > width // 2:
        start = line[: len(line) - len(line.lstrip())]
    indent, lines = " " * cell_len(start), [start]
    for word in re.findall(r"\S+\s*", line[len(start) :]):
        is_empty = lines[-1] in (start, indent)
        if not is_empty and cell_len(lines[-1] + word.rstrip()) > width:
            lines.append(indent)
        lines[-1] += word
    return "\n".join(each.rstrip() for each in lines) + ("\n" if line.endswith("\n") else "")
