"""Leaves out what nobody in a badge's image calls: engines are written for every kind of node.

A function, method or class goes when its name is written nowhere in the image except where it is
defined, and so does whatever only it needed. A variable or an attribute of the same name does not
call a function of a module. A name in a string counts as written, too, and one that code puts
together counts when its beginning is written (``getattr(self, "_do_" + action)``).
What main.py or a peripheral calls stays: `kept`, and the words of `words.toml`. Lines stay where
they are.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

from ..edits import Edits
from ..names import uses
from ..trees import children, parse, walk


def drop_unused(
    texts: Mapping[str, str], *, kept: Collection[str], untouched: Iterable[str] = ()
) -> dict[str, str]:
    """Sources by module path, to the same sources without what is not used. `untouched`: paths of
    modules that stay as they are."""
    result = dict(texts)
    untouched = set(untouched)
    looked: dict[str, _Look] = {}
    while True:
        for path, text in result.items():
            if path not in looked or looked[path].text != text:
                looked[path] = _Look(text)
        trees = {path: looked[path].tree for path in result}
        names = set[str]().union(*(look.names for look in looked.values()))
        begins = tuple(set[str]().union(*(look.begins for look in looked.values())))
        unused = {
            path: [
                (owner, node)
                for owner, node in _definitions(tree)
                if path not in untouched
                and node.name not in names
                and (owner is tree or f".{node.name}" not in names)
                and node.name not in kept
                and not node.name.startswith(("__", *begins))
            ]
            for path, tree in trees.items()
        }
        if not any(unused.values()):
            return result
        gone = {node.name for each in unused.values() for _, node in each}
        for path, tree in trees.items():
            result[path] = _without(result[path], unused[path], _imports(tree, gone), gone)


class _Look:
    """What is in one module: it is looked at again only when its text has changed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = parse(text)
        self.names = set(_Written(self.tree).names())
        self.begins = set(_beginnings(self.tree))


_Definition = ast.FunctionDef | ast.ClassDef
_Owner = ast.Module | ast.ClassDef


def _definitions(tree: ast.Module) -> Iterator[tuple[_Owner, _Definition]]:
    """At the top and in classes, decorated ones left out."""
    for owner in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))):
        for node in owner.body:
            if isinstance(node, _Definition) and not node.decorator_list:
                yield owner, node


def _imports(tree: ast.Module, names: Collection[str]) -> Iterator[ast.ImportFrom]:
    """Those of `names`, which nobody uses any more."""
    for node in walk(tree):
        if isinstance(node, ast.ImportFrom) and any(each.name in names for each in node.names):
            yield node


def _without(
    text: str,
    unused: list[tuple[_Owner, _Definition]],
    imports: Iterable[ast.ImportFrom],
    names: Collection[str],
) -> str:
    edits = Edits(text)
    for node in imports:
        left = [each for each in node.names if each.name not in names]
        kept = ast.ImportFrom(node.module, left, node.level)
        edits.replace(node, ast.unparse(kept) if left else "pass")
    gone = {id(node) for _, node in unused}
    for owner, node in unused:
        if id(owner) not in gone:
            is_last = owner.body[-1] is node and all(id(each) in gone for each in owner.body)
            edits.replace(node, "pass" if is_last else "")
    return edits.apply()


class _Written:
    """What one module writes of names."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        imports = [each for each in walk(tree) if isinstance(each, ast.Import | ast.ImportFrom)]
        # What these names have, a module may have.
        self._modules = {
            each.asname or each.name.partition(".")[0] for node in imports for each in node.names
        }
        self._locals = {
            id(use.node)
            for use in uses(tree)
            if not use.is_global and use.name not in self._modules
        }

    def names(self) -> Iterator[str]:
        """All except those after ``def`` and ``class``, those that are only imported, and variables
        of functions; with a point before it, an attribute of what is no module."""
        return self._below(self._tree, ())

    def _below(self, node: ast.AST, inside: Collection[str]) -> Iterator[str]:
        """A function that names itself, or others of the same name, does not count as called: see
        `inside`."""
        if isinstance(node, ast.FunctionDef):
            inside = {*inside, node.name}
        found = self._name(node)
        if found and found.removeprefix(".") not in inside:
            yield found
        for child in children(node):
            yield from self._below(child, inside)

    def _name(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            return "" if id(node) in self._locals else node.id
        if isinstance(node, ast.Attribute):
            base = node.value
            is_of_module = isinstance(base, ast.Name) and base.id in self._modules
            return node.attr if is_of_module else f".{node.attr}"
        if isinstance(node, ast.alias):
            return node.name if node.asname else ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return ""


def _beginnings(tree: ast.Module) -> Iterator[str]:
    """Of names that are put together."""
    for node in walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
            name = node.args[1]
            if isinstance(name, ast.BinOp) and isinstance(name.left, ast.Constant):
                yield str(name.left.value)
