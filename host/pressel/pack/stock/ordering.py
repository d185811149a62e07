"""Puts the names that a module uses most first, where each use of one takes one byte instead of
two.

Bytecode refers to a name by its place in the module's list, which has the names in the order in
which the compiler meets them. So an expression that is never evaluated makes the compiler meet them
before all else.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from ..edits import Edits
from ..names import uses
from ..trees import parse, walk

_SHORT_PLACES = 128  # with one byte
_TAKEN = 3  # the file's name, and the two names of the expression


def frequent_first(text: str) -> str:
    """The same module, lines where they were."""
    tree = parse(text)
    counts = Counter(_uses(tree))
    names = sorted(counts, key=lambda name: (-counts[name], name))[: _SHORT_PLACES - _TAKEN]
    edits = Edits(text)
    for node in tree.body:
        if names and not hasattr(node, "body"):  # a statement that may stand behind another
            edits.insert_before(node, f"__name__ or _.{'.'.join(names)}; ")
            break
    return edits.apply()


def _uses(tree: ast.Module) -> Iterator[str]:
    """Names as functions write them down: attributes, what is global, and in their heads."""
    for use in uses(tree):
        if use.is_global and isinstance(use.node, ast.Name):
            yield use.name
    for node in walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.FunctionDef):
            yield node.name
            yield from (each.arg for each in node.args.args)
