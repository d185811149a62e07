"""Which attributes an object may have together, so that those which never meet can share a name.

An attribute belongs to a class when the class defines it or a method of it uses it on `self`, and
to all classes that inherit from each other or from the same one. An attribute that is only ever set
from outside meets all others.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..trees import walk


class Members:
    """The attributes and methods of all classes in `trees`."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self._families: dict[str, set[str]] = {}  # by the class: the classes of its family
        self._own: dict[str, set[str]] = {}  # by class
        self._foreign: set[str] = set()  # classes that inherit from one that is not ours
        self._loose: set[str] = set()  # what is set on other objects than `self`
        bases: dict[str, set[str]] = {}
        for tree in trees:
            for node in walk(tree):
                if isinstance(node, ast.ClassDef):
                    self._own.setdefault(node.name, set()).update(_members(node))
                    bases.setdefault(node.name, set()).update(map(_base_name, node.bases))
                elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    self._loose.add(node.attr)
        self._join(bases)
        self._loose -= set().union(*self._own.values())

    def _join(self, bases: dict[str, set[str]]) -> None:
        self._families = {name: {name} for name in self._own}
        for name in sorted(bases):
            for base in sorted(bases[name]):
                if base not in self._own:
                    self._foreign.add(name)
                elif base not in self._families[name]:
                    whole = self._families[name] | self._families[base]
                    self._families.update(dict.fromkeys(whole, whole))

    def __iter__(self) -> Iterator[str]:
        yield from sorted(self._loose.union(*self._own.values()))

    def share(
        self, changing: Iterable[str], words: Sequence[str], short: Sequence[str]
    ) -> dict[str, str]:
        """New names for those that are `changing`, as few as possible: first from `words`, then
        from `short`. Classes with a base that is not ours get no words: the base may have them
        too."""
        wanted = set(changing)
        outside = {
            name
            for each in self._foreign
            for family in self._families[each]
            for name in self._own[family]
        }
        met = {name: self._met(name) & wanted for name in wanted}
        free = [*words, *short]
        return give_names(met, lambda name: short if name in outside else free)

    def _met(self, name: str) -> set[str]:
        """The names that an object may have beside `name`, and those that meet everything."""
        if name in self._loose:
            return set(self) - {name}
        found = set(self._loose)
        for each, own in self._own.items():
            if name in own:
                for family in self._families[each]:
                    found |= self._own[family]
        return found - {name}


def give_names(met: Mapping[str, set[str]], free: Callable[[str], Iterable[str]]) -> dict[str, str]:
    """For each name the first that is `free` for it and that no name it is `met` with has."""
    given: dict[str, str] = {}
    for name in sorted(met, key=lambda name: (-len(met[name]), name)):
        taken = {given[other] for other in met[name] if other in given}
        given[name] = next(each for each in free(name) if each not in taken)
    return given


def _members(node: ast.ClassDef) -> Iterator[str]:
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef):
            yield inner.name
        elif isinstance(inner, ast.Assign):
            yield from (each.id for each in inner.targets if isinstance(each, ast.Name))
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            yield inner.target.id
    for inner in walk(node):
        if isinstance(inner, ast.Attribute) and getattr(inner.value, "id", "") == "self":
            yield inner.attr


def _base_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
