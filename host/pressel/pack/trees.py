"""Going through a module's tree. As `ast.walk` and `ast.iter_child_nodes`, several times faster and
without what nothing asks for: a build goes through every tree some dozens of times.
"""

from __future__ import annotations

import ast

# Fields that hold words and numbers, or nodes that say nothing which their parent does not.
_SILENT = {
    "arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "level", "module",
    "name", "op", "ops", "simple", "type_comment",
}  # fmt: skip
_LEAVES = (ast.Constant, ast.Name, ast.alias)
_fields: dict[type[ast.AST], tuple[str, ...]] = dict.fromkeys(_LEAVES, ())  # by kind of node


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below `node`, in the order of the source, operators left out."""
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
    return found


def walk(node: ast.AST) -> list[ast.AST]:
    """`node` and all nodes below it as they are now, level by level."""
    found = [node]
    for each in found:
        found += children(each)
    return found
