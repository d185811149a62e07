"""Which names a module uses, and which of them belong to the module itself: Python's scopes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .trees import children

_FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)


_Named = ast.Name | ast.FunctionDef | ast.ClassDef | ast.Global


@dataclass(frozen=True)
class Use:
    """A name where it stands: a variable, the name of a ``def`` or ``class``, or one in ``global``.
    `attribute`: the ``x.y`` of which it is the ``x``. Annotations do not count as uses: MicroPython
    drops them."""

    name: str
    node: _Named
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


def uses(tree: ast.Module) -> list[Use]:
    """All names of a module that are not keywords, attributes or parameters."""
    found: list[Use] = []
    for node in tree.body:
        _visit(node, (), found)
    return found


def _own_nodes(body: Iterable[ast.AST]) -> list[ast.AST]:
    """The nodes of a scope, without those of scopes inside it."""
    found = list(body)
    for node in found:
        if not isinstance(node, _SCOPES):
            found += children(node)
    return found


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


def _visit(node: ast.AST, scopes: tuple[frozenset[str], ...], found: list[Use]) -> None:
    """Add the names at and below `node`; `scopes`: local names of the functions around it."""

    def note(name: str, at: _Named, attribute: ast.Attribute | None = None) -> None:
        found.append(Use(name, at, not any(name in scope for scope in scopes), attribute))

    if isinstance(node, ast.Name):
        note(node.id, node)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        note(node.value.id, node.value, node)
    elif isinstance(node, ast.Global):
        found += [Use(name, node, True) for name in node.names]
    elif isinstance(node, ast.FunctionDef):
        note(node.name, node)
        _visit_function(node, scopes, found)
    elif isinstance(node, ast.ClassDef):
        note(node.name, node)
        _visit_class(node, scopes, found)
    elif isinstance(node, ast.Lambda):
        _visit(node.body, (*scopes, frozenset(parameters(node.args))), found)
        _visit_all([*node.args.defaults, *node.args.kw_defaults], scopes, found)
    elif isinstance(node, _COMPREHENSIONS):
        targets = [generator.target for generator in node.generators]
        inner = (*scopes, frozenset(bound_names([ast.Expr(each) for each in targets])))
        _visit_all(children(node), inner, found)
    elif isinstance(node, ast.AnnAssign):
        _visit_all([node.target, node.value], scopes, found)
    else:
        _visit_all(children(node), scopes, found)


def _visit_all(
    nodes: Iterable[ast.AST | None], scopes: tuple[frozenset[str], ...], found: list[Use]
) -> None:
    for node in nodes:
        if node is not None:
            _visit(node, scopes, found)


def _visit_function(
    node: ast.FunctionDef, scopes: tuple[frozenset[str], ...], found: list[Use]
) -> None:
    args = node.args
    _visit_all([*node.decorator_list, *args.defaults, *args.kw_defaults], scopes, found)
    _visit_all(node.body, (*scopes, _locals(node)), found)


def _visit_class(node: ast.ClassDef, scopes: tuple[frozenset[str], ...], found: list[Use]) -> None:
    """A class binds attributes, not names; methods do not see them."""
    _visit_all([*node.decorator_list, *node.bases, *node.keywords], scopes, found)
    own = frozenset(bound_names(node.body))
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            _visit_function(statement, scopes, found)
        else:
            _visit(statement, (*scopes, own), found)


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
