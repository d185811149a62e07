"""Puts constants where they are used, so that a badge keeps neither their names nor their modules.

Works on the sources of all modules of a badge together. MicroPython's own `const` does the same
within one module; across modules every constant would cost a badge a name, a slot in two
dictionaries and a look-up each time. Lines stay where they are, so tracebacks stay true. The result
leaves out what only type checkers or documents need (``if TYPE_CHECKING:``, unused tables of
names).
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .edits import Edits
from .names import imported_module, module_name
from .trees import parse, walk

Value = int | bool


@dataclass
class _Module:
    """One module: its name, text and tree, and what its global names stand for."""

    path: str
    text: str
    tree: ast.Module = field(init=False)
    constants: dict[str, Value] = field(default_factory=dict)
    imported: dict[str, Value] = field(default_factory=dict)  # local name -> value
    modules: dict[str, str] = field(default_factory=dict)  # local name -> module

    def __post_init__(self) -> None:
        self.tree = parse(self.text)

    @property
    def name(self) -> str:
        return module_name(self.path)

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that ``from X import`` names."""
        return imported_module(self.path, node)


def inline_constants(sources: Mapping[str, str]) -> dict[str, str]:
    """Sources by module path (`ptt/wire/codec.py`) to the sources that a badge gets. A name in
    capitals that is reckoned from constants is one, too."""
    reckoned = {path: set(_reckoned(parse(text))) for path, text in sources.items()}
    texts = _inlined(sources)
    while True:
        known = {path: _with_values(text, reckoned[path]) for path, text in texts.items()}
        if known == texts:
            return texts
        texts = _inlined(known)


def _reckoned(tree: ast.Module) -> Iterator[str]:
    """Names in capitals that get another value than one that is written there, and get it once."""
    given = [
        (node.targets[0].id, node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    times = Counter(name for name, _ in given)
    for name, value in given:
        is_reckoned = isinstance(value, ast.BinOp | ast.Name | ast.Attribute)
        if is_reckoned and name.isupper() and times[name] == 1:
            yield name


def _with_values(text: str, names: set[str]) -> str:
    """With ``const(value)`` where the expression of one of `names` has become a number."""
    edits = Edits(text)
    for node in parse(text).body:
        if not isinstance(node, ast.Assign) or getattr(node.targets[0], "id", "") not in names:
            continue
        value = _number(node.value)
        if value is not None:
            edits.replace(node.value, f"const({value})")
    return edits.apply()


def _number(node: ast.expr) -> int | None:
    """What an expression of nothing but numbers comes to; None for another."""
    kinds = ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop | ast.Constant
    if not all(isinstance(each, kinds) for each in ast.walk(node)):
        return None
    value = eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
    return value if type(value) is int else None


def _inlined(sources: Mapping[str, str]) -> dict[str, str]:
    modules = {module_name(path): _Module(path, text) for path, text in sources.items()}
    for module in modules.values():
        module.constants = dict(_constants(module.tree))
    for module in modules.values():
        _resolve_imports(module, modules)
    used = {use for module in modules.values() for use in _uses(module)}
    return {path: _rewrite(modules[module_name(path)], modules, used) for path in sources}


def _constants(tree: ast.Module) -> Iterator[tuple[str, Value]]:
    """Top-level ``NAME = const(number)``, and flags such as ``TYPE_CHECKING = False``."""
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name, value = node.targets[0].id, node.value
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const":
            number = _number(value.args[0])
            yield name, ast.literal_eval(value.args[0]) if number is None else number
        elif isinstance(value, ast.Constant) and isinstance(value.value, bool):
            yield name, value.value


def _resolve_imports(module: _Module, modules: Mapping[str, _Module]) -> None:
    for node in walk(module.tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        source = module.absolute(node)
        for alias in node.names:
            local = alias.asname or alias.name
            if f"{source}.{alias.name}" in modules:
                module.modules[local] = f"{source}.{alias.name}"
            elif source in modules and alias.name in modules[source].constants:
                module.imported[local] = modules[source].constants[alias.name]


def _known(module: _Module, node: ast.AST, modules: Mapping[str, _Module]) -> Value | None:
    """The value that an expression stands for, if it is a constant's name."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return module.imported.get(node.id, module.constants.get(node.id))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = module.modules.get(node.value.id)
        return modules[owner].constants.get(node.attr) if owner else None
    return None


def _uses(module: _Module) -> Iterator[tuple[str, str]]:
    """(module, name) of every global that this module reads, its own ones included."""
    for node in walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((module.absolute(node), alias.name) for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield module.name, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield module.modules.get(node.value.id, ""), node.attr


def _rewrite(module: _Module, modules: Mapping[str, _Module], used: set[tuple[str, str]]) -> str:
    edits = Edits(module.text)
    kept_names: set[str] = set()
    skipped: list[ast.AST] = []
    for node in module.tree.body:
        if _is_for_checkers(node) or _is_unread(module, node, used):
            edits.replace(node, "")
            skipped.append(node)
    for top in module.tree.body:
        if top in skipped:
            continue
        nodes = walk(top)
        owned = {id(node.value): node for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            value = _known(module, node, modules)
            if value is not None and isinstance(node, ast.expr):
                edits.replace(node, str(value) if value >= 0 else f"({value})")
            elif isinstance(node, ast.Name) and not _is_owner(
                node, owned.get(id(node)), module, modules
            ):
                kept_names.add(node.id)
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom):
            edits.replace(node, _import(module, node, kept_names))
    return edits.apply()


def _is_for_checkers(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def _is_unread(module: _Module, node: ast.stmt, used: set[tuple[str, str]]) -> bool:
    """A constant, which is inlined, or a table in capitals that nobody reads."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return False
    name = node.targets[0].id
    if name in module.constants:
        return True
    return name.isupper() and _is_table(node.value) and (module.name, name) not in used


def _is_table(node: ast.expr) -> bool:
    """A tuple, written as one or made by ``tuple``, or a dictionary."""
    made = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tuple"
    return made or isinstance(node, ast.Tuple | ast.Dict)


def _is_owner(
    name: ast.Name,
    attribute: ast.Attribute | None,
    module: _Module,
    modules: Mapping[str, _Module],
) -> bool:
    """Is `name` only the ``module`` of a ``module.CONSTANT`` that is replaced? `attribute`: the
    ``x.y`` of which it is the ``x``."""
    if attribute is None or name.id not in module.modules:
        return False
    return _known(module, attribute, modules) is not None


def _import(module: _Module, node: ast.ImportFrom, kept: set[str]) -> str:
    """The import without constants and without modules of which only constants were used."""
    names = []
    for alias in node.names:
        local = alias.asname or alias.name
        if local in module.imported or alias.name == "const":
            continue
        if local in module.modules and local not in kept:
            continue
        names.append(f"{alias.name} as {alias.asname}" if alias.asname else alias.name)
    if not names:
        return ""
    return f"from {'.' * node.level}{node.module or ''} import {', '.join(names)}"
