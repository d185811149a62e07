"""Makes tables small: equal rows become one, and rules are stored in the form in which they are
looked up.

Tables in the sources are for readers: a tuple a row, and state machines with their states and
triggers in each row. MicroPython keeps every such tuple, 32 bytes for four values. Here a table's
equal rows become the same object, and the build writes what `compile_rules` makes of the rules,
without the rows that it is made of.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from ptt.base.table import compile_rules

from ..edits import Edits
from ..names import uses
from ..trees import parse, walk

_SHARED = "_shared_rows"  # a name that is gone when the module has been loaded
_COMPILER = compile_rules.__name__


def shrink_tables(texts: Mapping[str, str]) -> dict[str, str]:
    """Sources by module path, their constants in place, to those with smaller tables."""
    trees = {path: parse(text) for path, text in texts.items()}
    imported = {
        alias.name
        for tree in trees.values()
        for node in walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return {path: _shrink(texts[path], tree, imported) for path, tree in trees.items()}


def _shrink(text: str, tree: ast.Module, imported: set[str]) -> str:
    edits = Edits(text)
    tables = dict(_assignments(tree))
    read = Counter(use.name for use in uses(tree))
    done: set[str] = set()
    prefix = _drop_prefix(edits, tree) if any(map(_compiled, tables.values())) else ""
    for node in tables.values():
        source = _compiled(node)
        rows = _literal(tables[source]) if source in tables else None
        if rows is None:
            continue
        _put_rules(edits, node, rows, prefix)
        if read[source] == 2 and source not in imported:  # made and compiled, no more
            edits.replace(tables[source], "pass")
            done.add(source)
        if read[_COMPILER] == 1:
            _drop_import(edits, tree)
    for name, node in tables.items():
        rows = [] if name in done or _compiled(node) else _rows(node.value)
        counts = Counter(ast.unparse(row) for row in rows)
        shared = sorted(row for row, count in counts.items() if count > 1)
        for row in rows:
            if ast.unparse(row) in shared:
                edits.replace(row, f"{_SHARED}[{shared.index(ast.unparse(row))}]")
        _put_shared(edits, node, shared)
    return edits.apply()


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.Assign]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node


def _compiled(node: ast.Assign) -> str:
    """The table that `compile_rules` gets, "" for another statement."""
    value = node.value
    if not isinstance(value, ast.Call) or getattr(value.func, "id", "") != _COMPILER:
        return ""
    return getattr(value.args[0], "id", "")


def _literal(node: ast.Assign) -> tuple[tuple[int, int, int, str], ...] | None:
    try:
        return ast.literal_eval(node.value)
    except ValueError:
        return None


def _drop_prefix(edits: Edits, tree: ast.Module) -> str:
    """What is put before each action to look its method up; in the table, the action alone will
    do."""
    for node in walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
            name = node.args[1]
            if isinstance(name, ast.BinOp) and isinstance(name.left, ast.Constant):
                edits.replace(name, ast.unparse(name.right))
                return str(name.left.value)
    return ""


def _put_rules(
    edits: Edits, node: ast.Assign, rows: tuple[tuple[int, int, int, str], ...], prefix: str
) -> None:
    """What `compile_rules` makes of `rows`. An action becomes the name of its method, which is
    `prefix` and the action; the first stands where there is no rule, and has none."""
    cells, (_, *actions) = compile_rules(rows)
    names = ("", *(action and prefix + action for action in actions))
    edits.replace(node.value, repr((cells, names)))


def _put_shared(edits: Edits, node: ast.stmt, rows: list[str]) -> None:
    if rows:
        edits.insert_before(node, f"{_SHARED} = ({', '.join(rows)},); ")
        edits.insert_behind(node, f"; del {_SHARED}")


def _rows(value: ast.expr) -> list[ast.expr]:
    """The tuples of constants directly in a table of tables."""
    if not isinstance(value, ast.Tuple | ast.Dict):
        return []
    tables = value.elts if isinstance(value, ast.Tuple) else value.values
    return [
        row
        for table in tables
        if isinstance(table, ast.Tuple)
        for row in table.elts
        if isinstance(row, ast.Tuple) and all(isinstance(each, ast.Constant) for each in row.elts)
    ]


def _drop_import(edits: Edits, tree: ast.Module) -> None:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == _COMPILER:
            edits.replace(node, "pass")
