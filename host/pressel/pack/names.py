"""Which names a module uses, and which of them belong to the module itself: Python's scopes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Use:
    """A name where it stands: a variable, the name of a ``def`` or ``class``, or one in ``global``.
    `attribute`: the ``x.y`` of which it is the ``x``. Annotations do not count as uses: MicroPython
    drops them."""

    name: str
    node: ast.Name | ast.FunctionDef | ast.ClassDef | ast.Global
    is_global: bool
    attribute: ast.Attribute | None = None


def bound_names(body: Sequence[ast.stmt]) -> set[str]:
    """The names that statements bind in their own scope, imports left out."""
    found: set[str] = set()
    for node in _own_nodes(body):
        if isinstance(node, ast.Name):
            found.update([node.id] if isinstance(node.ctx, ast.Store | ast.Del) else [])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            found.update([node.name] if node.name else [])
    return found


def uses(tree: ast.Module) -> Iterator[Use]:
    """All names of a module that are not keywords, attributes or parameters."""
    for node in tree.body:
        yield from _visit(node, ())


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of scopes inside it."""
    for node in body:
        yield node
        if not isinstance(node, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            yield from _own_nodes(ast.iter_child_nodes(node))


def _imported_names(body: Sequence[ast.stmt]) -> Iterator[str]:
    for node in _own_nodes(body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]


def _locals(node: ast.FunctionDef) -> frozenset[str]:
    names = bound_names(node.body) | set(_imported_names(node.body)) | parameters(node.args)
    for inner in _own_nodes(node.body):
        if isinstance(inner, ast.Global):
            names -= set(inner.names)
    return frozenset(names)


def parameters(args: ast.arguments) -> set[str]:
    more = [each for each in (args.vararg, args.kwarg) if each is not None]
    return {each.arg for each in [*args.posonlyargs, *args.args, *args.kwonlyargs, *more]}


def _visit(node: ast.AST, scopes: tuple[frozenset[str], ...]) -> Iterator[Use]:
    """`scopes`: local names of the functions around `node`."""

    def is_global(name: str) -> bool:
        return not any(name in scope for scope in scopes)

    if isinstance(node, ast.Name):
        yield Use(node.id, node, is_global(node.id))
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield Use(node.value.id, node.value, is_global(node.value.id), node)
    elif isinstance(node, ast.Global):
        yield from (Use(name, node, True) for name in node.names)
    elif isinstance(node, ast.FunctionDef):
        yield Use(node.name, node, is_global(node.name))
        yield from _visit_function(node, scopes)
    elif isinstance(node, ast.ClassDef):
        yield Use(node.name, node, is_global(node.name))
        yield from _visit_class(node, scopes)
    elif isinstance(node, ast.Lambda):
        inner = (*scopes, frozenset(parameters(node.args)))
        yield from _visit(node.body, inner)
        for each in [*node.args.defaults, *node.args.kw_defaults]:
            if each is not None:
                yield from _visit(each, scopes)
    elif isinstance(node, _COMPREHENSIONS):
        targets = [generator.target for generator in node.generators]
        inner = (*scopes, frozenset(bound_names([ast.Expr(each) for each in targets])))
        for child in ast.iter_child_nodes(node):
            yield from _visit(child, inner)
    elif isinstance(node, ast.AnnAssign):
        yield from _visit(node.target, scopes)
        if node.value is not None:
            yield from _visit(node.value, scopes)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _visit(child, scopes)


def _visit_function(node: ast.FunctionDef, scopes: tuple[frozenset[str], ...]) -> Iterator[Use]:
    for each in [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]:
        if each is not None:
            yield from _visit(each, scopes)
    inner = (*scopes, _locals(node))
    for statement in node.body:
        yield from _visit(statement, inner)


def _visit_class(node: ast.ClassDef, scopes: tuple[frozenset[str], ...]) -> Iterator[Use]:
    """A class binds attributes, not names; methods do not see them."""
    for each in [*node.decorator_list, *node.bases, *node.keywords]:
        yield from _visit(each, scopes)
    own = frozenset(bound_names(node.body))
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            yield from _visit_function(statement, scopes)
        else:
            yield from _visit(statement, (*scopes, own))


def module_name(path: str) -> str:
    """`ptt/wire/codec.py` is `ptt.wire.codec`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported_module(path: str, node: ast.ImportFrom) -> str:
    """The module that ``from X import`` in the module of `path` names."""
    if not node.level:
        return node.module or ""
    parts = module_name(path).split(".")
    is_package = path.endswith("/__init__.py")
    parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*parts, node.module] if node.module else parts)
