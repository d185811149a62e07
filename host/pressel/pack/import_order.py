"""The order in which the modules of the firmware need each other, read from their import
statements.

MicroPython on WebAssembly collects garbage only between calls, so the virtual badge imports one
module per call, beginning with those that others need. Only imports that run when a module is
loaded count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from pressel.errors import UsageError

from .manifest import Source


def import_order(entry: str, sources: Iterable[Source]) -> list[str]:
    """The modules that importing `entry` loads, each after those it needs; `entry` is the last.

    Names that are not among `sources` (`machine`, `struct`) are in the list too. Raises
    `UsageError` for an import of a module that lies in one of the firmware's packages but was
    not built.
    """
    modules = {source.module: source for source in sources if source.is_module}
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        source = modules.get(name)
        if source is not None:
            for line, needed in _imports(source, modules):
                _check(needed, modules, source, line)
                visit(needed)
        order.append(name)

    for name in _with_parents(entry):
        visit(name)
    return order


def _check(needed: str, modules: dict[str, Source], source: Source, line: int) -> None:
    package = needed.partition(".")[0] + "."
    is_ours = any(name.startswith(package) for name in modules)
    is_there = needed in modules or any(name.startswith(needed + ".") for name in modules)
    if is_ours and not is_there:
        raise UsageError(
            f"{source.path}:{line} imports {needed}, which the firmware's manifest.toml leaves "
            "out or which does not exist."
        )


def _imports(source: Source, modules: dict[str, Source]) -> Iterator[tuple[int, str]]:
    is_package = source.path.name == "__init__.py"
    base = source.module.split(".") if is_package else source.module.split(".")[:-1]
    for node in _statements(ast.parse(source.read(), str(source.path)).body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from ((node.lineno, name) for name in _with_parents(alias.name))
        elif isinstance(node, ast.ImportFrom):
            above = base[: len(base) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, name) for name in _with_parents(module))
            for alias in node.names:
                if f"{module}.{alias.name}" in modules:
                    yield node.lineno, f"{module}.{alias.name}"


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on loading; those of `try` too, and those of an `if` for what the build
    has, but not those of `if TYPE_CHECKING`."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Try | ast.If):
            yield from _statements(node.body)


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
