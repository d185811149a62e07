"""Replacements in a source, by its syntax tree, that leave every line where it is."""

from __future__ import annotations

import ast

from .names import Use

_Edit = tuple[int, int, str]  # from, to (offsets in the text), replacement


class Edits:
    """Replacements in one text; lines stay where they are."""

    def __init__(self, text: str) -> None:
        self._data = text.encode()
        self._edits: list[_Edit] = []
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line.encode()))

    def replace(self, node: ast.stmt | ast.expr, text: str) -> None:
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        self._edits.append((start, end, text + "\n" * self._data[start:end].count(b"\n")))

    def insert_before(self, node: ast.stmt, text: str) -> None:
        start = self._offset(node.lineno, node.col_offset)
        self._edits.append((start, start, text))

    def insert_behind(self, node: ast.stmt, text: str) -> None:
        end = self._end(node)
        self._edits.append((end, end, text))

    def unwrap(self, node: ast.If, branch: list[ast.stmt]) -> None:
        """Of an ``if`` of a module or class only `branch`, what stands below it or below its
        ``else``, as plain statements of that module or class."""
        for place, each in enumerate(branch):
            begin = self._starts[(each.lineno if place else node.lineno) - 1]
            self._cut(begin, self._offset(each.lineno, each.col_offset), node.col_offset)
        self._cut(self._end(branch[-1]), self._end(node))

    def _cut(self, begin: int, end: int, indent: int = 0) -> None:
        lines = "\n" * self._data[begin:end].count(b"\n")
        self._edits.append((begin, end, lines + " " * indent))

    def replace_name(self, use: Use, name: str) -> None:
        """The name itself: of a variable, or behind ``def``, ``class`` or ``global``."""
        if isinstance(use.node, ast.Name):
            self.replace(use.node, name)
        else:
            self.replace_defined(use.node, use.name, name)

    def replace_defined(self, node: ast.stmt, old: str, new: str) -> None:
        """The name behind ``def``, ``class`` or ``global``."""
        start = self._offset(node.lineno, node.col_offset)
        at = self._find_word(old.encode(), self._data.index(b" ", start))
        self._edits.append((at, at + len(old.encode()), new))

    def replace_attribute(self, node: ast.Attribute, name: str) -> None:
        """The ``y`` of ``x.y``."""
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        self._edits.append((end - len(node.attr.encode()), end, name))

    def replace_parameter(self, node: ast.arg, name: str) -> None:
        start = self._offset(node.lineno, node.col_offset)
        self._edits.append((start, start + len(node.arg.encode()), name))

    def _find_word(self, word: bytes, start: int) -> int:
        while True:
            start = self._data.index(word, start)
            before, behind = self._data[start - 1 : start], self._data[start + len(word) :][:1]
            if not _is_of_name(before) and not _is_of_name(behind):
                return start
            start += 1

    def _end(self, node: ast.stmt) -> int:
        return self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def apply(self) -> str:
        data = self._data
        for start, end, text in sorted(set(self._edits), reverse=True):
            data = data[:start] + text.encode() + data[end:]
        return data.decode()


def _is_of_name(character: bytes) -> bool:
    return character.isalnum() or character == b"_"
