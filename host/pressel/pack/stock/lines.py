"""Puts statements on one line where no traceback needs to tell them apart.

MicroPython keeps a byte or two for each line that has code, an eighth of a badge's bytecode. A
statement that only copies a constant, a name or an attribute of `self` does not fail, so it may
stand on the line of its neighbour, and nor does a question whether such values are equal. Each line
has one statement or question at most that may fail, and its place is that of this one. A statement
that was written over several lines has the place of its first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..piece import Place
from ..trees import parse, walk


def share_lines(text: str, places: Sequence[Place]) -> tuple[str, tuple[Place, ...]]:
    """The same module with fewer lines, and where each of these was written. `text` has no empty
    lines, no comments, and no strings over several lines; `places` says where its lines were
    written."""
    lines = _Lines()
    for node in walk(parse(text)):
        if isinstance(node, ast.stmt):
            lines.join(node.lineno + 1, _head_end(node), " ")
        for body in _blocks(node):
            _share(lines, body)
        if isinstance(node, ast.If | ast.While | ast.For | ast.Try | ast.FunctionDef):
            _share_head(lines, node)
    return lines.apply(text.splitlines(), places)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield body


def _head_end(node: ast.stmt) -> int:
    """The last line of a statement, or of what stands before its block."""
    body = next(_blocks(node), None)
    if body is None:
        return node.end_lineno or node.lineno
    first = body[0].lineno - len(getattr(body[0], "decorator_list", ()))
    return max(node.lineno, first - 1)


def _share(lines: _Lines, body: Sequence[ast.stmt]) -> None:
    """Statements that follow each other in one block."""
    has_risk = True  # there is one on the line that may fail
    is_open = False  # another may stand behind it
    for before, node in zip([None, *body], body, strict=False):
        may_fail = not _is_sure(node)
        is_alone = before is None or before.end_lineno != node.lineno
        if any(_blocks(node)) or not is_alone:
            is_open = False
            continue
        if is_open and not (has_risk and may_fail):
            lines.join(node.lineno, node.lineno, "; ", is_place=may_fail)
            has_risk = has_risk or may_fail
        else:
            has_risk = may_fail
        is_open = True


def _share_head(
    lines: _Lines, node: ast.If | ast.While | ast.For | ast.Try | ast.FunctionDef
) -> None:
    """A block that stands behind the colon."""
    if any(any(_blocks(each)) for each in node.body):
        return
    risks = [each for each in node.body if not _is_sure(each)]
    if len(risks) <= _is_sure_head(node):
        lines.join(_head_end(node) + 1, node.body[0].lineno, " ", is_place=node.body[0] in risks)


def _is_sure_head(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        defaults = [each for each in (*node.args.defaults, *node.args.kw_defaults) if each]
        return not node.decorator_list and all(map(_is_known, defaults))
    if isinstance(node, ast.If | ast.While):
        return _is_known(node.test)
    return isinstance(node, ast.Try)


def _is_sure(node: ast.stmt) -> bool:
    """Can nothing go wrong in it?"""
    if isinstance(node, ast.Pass | ast.Continue | ast.Break):
        return True
    if isinstance(node, ast.Return):
        return node.value is None or _is_known(node.value)
    if isinstance(node, ast.AnnAssign):
        return _is_known(node.target) and node.value is not None and _is_known(node.value)
    return (
        isinstance(node, ast.Assign) and all(map(_is_known, node.targets)) and _is_known(node.value)
    )


def _is_known(node: ast.expr) -> bool:
    """A constant, a name or an attribute of `self`, or whether such are there or equal."""
    if isinstance(node, ast.UnaryOp):  # a negative number, or what is not there
        is_not = isinstance(node.op, ast.Not)
        return _is_known(node.operand) if is_not else isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.BoolOp):
        return all(map(_is_known, node.values))
    if isinstance(node, ast.Compare):
        equal = all(isinstance(each, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) for each in node.ops)
        return equal and all(map(_is_known, [node.left, *node.comparators]))
    if isinstance(node, ast.Attribute):
        return getattr(node.value, "id", "") == "self"
    return isinstance(node, ast.Constant | ast.Name)


class _Lines:
    """Which lines of a module go behind the one before."""

    def __init__(self) -> None:
        self._joins: dict[int, tuple[str, bool]] = {}

    def join(self, first: int, last: int, mark: str, *, is_place: bool = False) -> None:
        """Those lines do, behind `mark`. `is_place`: their place is that of the whole."""
        for number in range(first, last + 1):
            self._joins[number] = mark, is_place

    def apply(self, lines: Sequence[str], places: Sequence[Place]) -> tuple[str, tuple[Place, ...]]:
        left: list[str] = []
        kept: list[Place] = []
        for number, (line, place) in enumerate(zip(lines, places, strict=True), start=1):
            if number not in self._joins:
                left.append(line)
                kept.append(place)
                continue
            mark, is_place = self._joins[number]
            left[-1] += mark + line.strip()
            if is_place:
                kept[-1] = place
        return "".join(f"{line}\n" for line in left), tuple(kept)
