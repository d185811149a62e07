"""Leaves features out of a build: their modules, and what the others do with them.

The choice is `boards.heap`'s; this module knows which modules belong to a feature and how code
asks for one: ``if features.HAS_UPDATES:``. Lines stay where they are.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Collection, Sequence

from pressel.schema.features import MODULE, features, render, without_needy

from .edits import Edits
from .manifest import Source
from .trees import parse, walk

_FLAG = "HAS_"
_FOR_CHECKERS = "TYPE_CHECKING"  # false on a badge, which needs what stands below its ``else``


def leave_out(sources: Sequence[Source], without: Collection[str]) -> list[Source]:
    """The sources of a build without the features of these names, and those that need them."""
    without = without_needy(without)
    rows = [row for row in features() if row.name in without]
    kept = {module for row in features() if row not in rows for module in row.modules}
    gone = {module for row in rows for module in row.modules} - kept
    flags = {_FLAG + row.name.upper() for row in rows}
    return [_chosen(each, flags, without) for each in sources if each.module not in gone]


def _chosen(source: Source, flags: Collection[str], without: Collection[str]) -> Source:
    if not source.is_module:
        return source
    if source.module_path == MODULE:
        return dataclasses.replace(source, text=render(features(), without).encode())
    written = source.read()
    has_else = _FOR_CHECKERS.encode() in written and b"\nelse:" in written
    if _FLAG.encode() not in written and not has_else:
        return source
    try:
        return dataclasses.replace(source, text=_fold(written.decode(), flags).encode())
    except SyntaxError:  # the compiler says what is wrong
        return source


def _fold(text: str, flags: Collection[str]) -> str:
    """`text` without what stands below an ``if`` of a flag of `flags`; what a module or a class has
    below another flag, or below the ``else`` of one of `flags` or of ``TYPE_CHECKING``, becomes
    plain statements of it, which a packing may join, and whose names it may change."""
    edits = Edits(text)
    tree = parse(text)
    owners = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    owned = [node for owner in owners for node in owner.body]
    for node in walk(tree):
        if not isinstance(node, ast.If):
            continue
        flag = _flag(node.test)
        is_for_checkers = flag == _FOR_CHECKERS and node.orelse and node in owned
        if not flag.startswith(_FLAG) and not is_for_checkers:
            continue
        is_left_out = flag in flags or flag == _FOR_CHECKERS
        if node in owned and (branch := node.orelse if is_left_out else node.body):
            edits.unwrap(node, branch)
        elif is_left_out:
            edits.replace(node.test, "False")
            edits.replace(node.body[0], "pass")
            for each in node.body[1:]:
                edits.replace(each, "")
    return edits.apply()


def _flag(test: ast.expr) -> str:
    """The flag that an ``if`` asks for: ``HAS_X``, or ``features.HAS_X``."""
    return getattr(test, "attr", getattr(test, "id", ""))
