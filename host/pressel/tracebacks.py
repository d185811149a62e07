"""Says where in the sources an exception on a badge arose, although the badge's modules are joined
and its names short.

A build keeps what that takes beside its folder, not in it: a badge has no use for it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pressel.json_text import read_json

_FRAME = re.compile(r'File "([^"]+)", line (\d+)(?:, in (\w+))?')
_NAME = re.compile(r"((?:no attribute|name) )'(\w+)'")


class Tracebacks:
    """`lines`: of each joined module the modules whose lines it has one after the other, with their
    numbers. `functions`: where they begin, by module. `names`: the written name of each short
    one."""

    def __init__(
        self,
        lines: Mapping[str, Sequence[tuple[str, list[int]]]] | None = None,
        functions: Mapping[str, Sequence[tuple[int, str]]] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._lines = dict(lines or {})
        self._functions = dict(functions or {})
        self._names = dict(names or {})

    @classmethod
    def beside(cls, folder: Path) -> Tracebacks:
        """That of the build in `folder`; one that changes nothing where there is none."""
        made = cls()
        try:
            content = read_json(_file(folder).read_text("utf-8"))
            made = cls(content["lines"], content["functions"], content["names"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return made

    def save_beside(self, folder: Path) -> None:
        file = _file(folder)
        content = {"functions": self._functions, "lines": self._lines, "names": self._names}
        new = file.with_name(f".{file.name}-{os.getpid()}")
        new.write_text(json.dumps(content, sort_keys=True) + "\n", "utf-8")
        new.replace(file)

    def translate(self, text: str) -> str:
        """A traceback, or a text with one in it, as if the sources had run."""
        text = _FRAME.sub(self._frame, text)
        return _NAME.sub(lambda found: f"{found[1]}'{self._name(found[2])}'", text)

    def _name(self, short: str) -> str:
        return self._names.get(short, short)

    def _frame(self, found: re.Match[str]) -> str:
        path, line, name = found[1], int(found[2]), found[3]
        index = line - 1
        for written, numbers in self._lines.get(path, []):
            if index < len(numbers):
                path, line = written, numbers[index]
                break
            index -= len(numbers)
        for begin, function in self._functions.get(path, []):
            if begin <= line:
                name = name and function
        where = f'File "{path}", line {line}'
        return f"{where}, in {name}" if name else where


def _file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.map.json")
