"""Going through a module's tree. As `ast.parse`, `ast.walk` and `ast.iter_child_nodes`, several
times faster and without what nothing asks for: a build goes through every tree some dozens of
times. All that go through a tree share it, so nobody changes one.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence

# Fields that hold words and numbers, or nodes that say nothing which their parent does not.
_SILENT = {
    "arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "level", "module",
    "name", "op", "ops", "simple", "type_comment",
}  # fmt: skip
_KEPT = "_children"  # of a node, once they were asked for
_LEAVES = (ast.Constant, ast.Name, ast.alias)
_fields: dict[type[ast.AST], tuple[str, ...]] = dict.fromkeys(_LEAVES, ())  # by kind of node


@functools.lru_cache(maxsize=256)  # each step of a build changes few of a hundred modules
def parse(text: str | bytes) -> ast.Module:
    """SyntaxError for what is no Python."""
    return ast.parse(text)


def children(node: ast.AST) -> Sequence[ast.AST]:
    """The nodes right below `node`, in the order of the source, operators left out."""
    kept = vars(node).get(_KEPT)
    return _children(node) if kept is None else kept


def _children(node: ast.AST) -> Sequence[ast.AST]:
    kind = type(node)
    names = _fields.get(kind)
    if names is None:
        names = _fields[kind] = tuple(name for name in kind._fields if name not in _SILENT)
    found: list[ast.AST] = []
    for name in names:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [each for each in value if isinstance(each, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    kept = tuple(found)
    setattr(node, _KEPT, kept)
    return kept


def walk(node: ast.AST) -> list[ast.AST]:
    """`node` and all nodes below it, level by level."""
    found = [node]
    for each in found:
        found += children(each)
    return found
