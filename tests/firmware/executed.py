"""Which statements of the firmware ran on MicroPython: merges traces, counts, and puts the result
into words."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileCoverage:
    """The statements of one file, each by its first line: all of them, and those that ran."""

    name: str
    statements: frozenset[int]
    ran: frozenset[int]

    @property
    def percent(self) -> float:
        return 100.0 * len(self.ran) / len(self.statements) if self.statements else 100.0

    @property
    def missing(self) -> str:
        """Lines of statements that did not run, those next to each other joined: "3, 7-9"."""
        spans: list[tuple[int, int]] = []
        is_open = False
        for line in sorted(self.statements):
            if line in self.ran:
                is_open = False
                continue
            spans[-1:] = [(spans[-1][0], line)] if is_open else [*spans[-1:], (line, line)]
            is_open = True
        return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def merge(traces: Iterable[Mapping[str, Iterable[int]]]) -> dict[str, set[int]]:
    """Executed lines by file of all traces together."""
    merged: dict[str, set[int]] = {}
    for trace in traces:
        for name, lines in trace.items():
            merged.setdefault(name, set()).update(lines)
    return merged


def measure(name: str, source: str, executed: set[int]) -> FileCoverage:
    """The coverage of a file; a statement ran when one of its own lines did."""
    own_lines = dict(_statements(ast.parse(source).body))
    ran = {first for first, lines in own_lines.items() if executed.intersection(lines)}
    return FileCoverage(name, frozenset(own_lines), frozenset(ran))


def _statements(body: list[ast.stmt]) -> Iterator[tuple[int, range]]:
    """First line and own lines of each statement; of a compound one the lines before its body."""
    for node in body:
        if _leaves_no_code(node):
            continue
        inner = _bodies(node)
        end = min((each[0].lineno for each in inner), default=(node.end_lineno or 0) + 1)
        if not isinstance(node, ast.Try):
            yield node.lineno, range(node.lineno, max(end, node.lineno + 1))
        for each in inner:
            yield from _statements(each)


def _bodies(node: ast.stmt) -> list[list[ast.stmt]]:
    bodies = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
    bodies += [handler.body for handler in getattr(node, "handlers", [])]
    return [body for body in bodies if body]


def _leaves_no_code(node: ast.stmt) -> bool:
    """Docstrings, imports for type checkers, and private constants that MicroPython folds."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        function, target = node.value.func, node.targets[0]
        is_const = isinstance(function, ast.Name) and function.id == "const"
        return is_const and isinstance(target, ast.Name) and target.id.startswith("_")
    return isinstance(node, ast.Pass | ast.Global | ast.Nonlocal)


def total_percent(files: Iterable[FileCoverage]) -> float:
    files = list(files)
    return (
        100.0 * sum(len(each.ran) for each in files) / sum(len(each.statements) for each in files)
    )


def report(title: str, files: Iterable[FileCoverage]) -> str:
    """A table, one line a file: statements, those that ran, percent, lines of the others."""
    files = sorted(files, key=lambda each: each.name)
    rows = [
        (each.name, len(each.statements), len(each.ran), each.percent, each.missing)
        for each in files
    ]
    count, ran = sum(row[1] for row in rows), sum(row[2] for row in rows)
    rows.append(("together", count, ran, total_percent(files), ""))
    title = f"{title} on MicroPython"
    width = max(len(title), *(len(row[0]) for row in rows))
    lines = [f"{title:{width}}  lines    ran         missing"]
    lines += [f"{n:{width}}  {c:5}  {r:5}  {p:4.0f} %  {m}".rstrip() for n, c, r, p, m in rows]
    return "\n".join(lines) + "\n"


def read_sources(folder: Path) -> dict[str, str]:
    """The firmware's sources by their path in the flash, out of a build with source=True."""
    files = sorted(folder.rglob("*.py"))
    return {file.relative_to(folder).as_posix(): file.read_text("utf-8") for file in files}
