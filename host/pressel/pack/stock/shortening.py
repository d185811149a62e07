"""Gives names that only a badge's own code uses shorter forms, or forms that MicroPython has
anyway.

Every name that a running program can look up lies in a badge's heap, once, with about seven bytes
beside it: attributes, methods, names at the top of modules, and parameters, though nobody looks
those up unless they are given by keyword. MicroPython's own words lie in ROM; those that every port
has (`words.toml`) serve again where the sources do not use them. Two attributes share a name when
no object has both (`classes.py`). The names at the top of a module may use the same forms once
more, and those of a peripheral's methods, which are there anyway.

A name stays when code may reach it in a way that this module does not see: as a string, by keyword,
from outside (`kept`), or as a word of Python's or a peripheral's. A string that begins with an
underscore can only be a name, and changes with it. Names are the same in all modules of an image,
and chosen in a fixed order, so that a build is reproducible.
"""

from __future__ import annotations

import ast
import itertools
import keyword
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..edits import Edits
from ..names import imported_module, module_name, uses
from ..trees import parse, walk
from .classes import Members, give_names

_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Names:
    """New names by the written ones: of attributes and methods, and of what stands at the top of
    modules."""

    members: Mapping[str, str]
    tops: Mapping[str, str]

    def written(self) -> dict[str, str]:
        """What each new name stands for: the attributes that share it, else what is at the top."""
        found: dict[str, str] = {}
        for names in (self.tops, self.members):
            olds: dict[str, list[str]] = {}
            for old, new in sorted(names.items()):
                olds.setdefault(new, []).append(old)
            found.update({new: " or ".join(each) for new, each in olds.items()})
        return found


@dataclass(frozen=True)
class Shortened:
    """`texts`: sources by module path."""

    texts: dict[str, str]
    names: Names


def shorten_names(
    texts: Mapping[str, str],
    *,
    kept: Iterable[str],
    untouched: Iterable[str] = (),
    loaded: str = "",
) -> Shortened:
    """`kept`: names that stay. `untouched`: paths of modules that stay as they are, names included.
    `loaded`: the path of the module that is always there, words included."""
    untouched = set(untouched)
    trees = {path: parse(text) for path, text in texts.items()}
    image = _Image({path: tree for path, tree in trees.items() if path not in untouched})
    for path in untouched:
        image.pinned.update(_bare_names(trees[path]), _attributes(trees[path]))
    image.given.update(kept)
    names = image.new_names(loaded)
    result = dict(texts)
    for path, tree in image.trees.items():
        edits = Edits(texts[path])
        _Renaming(edits, path, tree, names, image.modules).rename()
        for function in walk(tree):
            if isinstance(function, ast.FunctionDef) and _is_simple(function):
                _rename_parameters(edits, function, image)
        result[path] = edits.apply()
    return Shortened(result, names)


def called_words() -> set[str]:
    """What Python or a peripheral may call on an object of ours."""
    return {*_WORDS["python"].split(), *_WORDS["peripherals"].split()}


def shorten_private_names(texts: Mapping[str, str]) -> dict[str, str]:
    """Modules (text by path) with other names for parameters and for whatever begins with an
    underscore."""
    names: set[str] = set()
    for tree in map(parse, texts.values()):
        names.update(_bare_names(tree), _attributes(tree))
    return shorten_names(texts, kept={each for each in names if not each.startswith("_")}).texts


def follow_names(texts: Mapping[str, str], names: Names, modules: Iterable[str]) -> dict[str, str]:
    """Other modules that use those of an image (`modules`); `names` as in `Shortened`."""
    result = {}
    for path, text in texts.items():
        edits = Edits(text)
        tree = parse(text)
        _Renaming(edits, path, tree, names, set(modules)).follow(is_own=False)
        result[path] = edits.apply()
    return result


class _Image:
    """All modules together: which names can be changed, and which are taken."""

    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.trees = trees
        self.modules = {module_name(path) for path in trees}
        self.members = Members(trees.values())
        self.tops: dict[str, set[str]] = {}  # of modules, and those that a module has beside each
        self.pinned = called_words()
        self.taken: set[str] = set()
        self.given: set[str] = set()  # names of parameters, in calls
        self._bare: set[str] = set()  # names that are no attributes
        self._prefixes: set[str] = set()
        for path, tree in trees.items():
            self._bare.update(_bare_names(tree))
            self.taken.update(self._bare, _attributes(tree))
            self._note(path, tree)
            self._meet(path, tree)

    def _note(self, path: str, tree: ast.Module) -> None:
        foreign = set(_foreign_modules(path, tree, self.modules))
        for node in _without_annotations(tree):
            if isinstance(node, ast.keyword) and node.arg:
                self.given.add(node.arg)
            elif isinstance(node, ast.Constant) and not _is_name(node):
                self.pinned.add(str(node.value))
            elif isinstance(node, ast.Call) and _is_getattr(node):
                self._prefixes.update(_prefix(node.args[1]))
            elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in foreign:
                self.pinned.add(node.attr)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.pinned.update(_foreign_names(path, node, self.modules))

    def _meet(self, path: str, tree: ast.Module) -> None:
        """All that stands at the top of a module, its own and what it takes from others of ours."""
        own = set(_top_names(tree))
        taken = {
            alias.name
            for node in walk(tree)
            if isinstance(node, ast.ImportFrom) and imported_module(path, node) in self.modules
            for alias in node.names
        }
        for name in own | taken:
            self.tops.setdefault(name, set()).update((own | taken) - {name})

    def may_change(self, name: str) -> bool:
        is_special = name.startswith("__") or any(name.startswith(p) for p in self._prefixes)
        return not is_special and name not in self.pinned and name not in self.given

    def new_names(self, loaded: str) -> Names:
        """MicroPython's words while there are any. What stands at the top of a module is no
        attribute of an object, so the same names serve there once more; and so do other
        words of the module `loaded`."""
        rom = [word for word in _WORDS["rom"].split() if word not in self.taken]
        short = [
            name for name in _short_names() if name not in self.taken | self.pinned | self.given
        ]
        hiding = set(_WORDS["hiding"].split())
        tops = set(filter(self.may_change, self.tops))
        others = set(_words(self.trees[loaded])) if loaded else set()
        others = {name for name in others - self._bare if not self.may_change(name)}
        free = [name for name in (*rom, *sorted(others), *short) if name not in hiding]
        return Names(
            self.members.share(filter(self.may_change, self.members), rom, short),
            give_names({name: self.tops[name] & tops for name in tops}, lambda _: free),
        )


class _Renaming:
    """Puts new names (by the old ones) into one module; `modules` are those that have them."""

    def __init__(
        self,
        edits: Edits,
        path: str,
        tree: ast.Module,
        names: Names,
        modules: set[str],
    ) -> None:
        self._edits = edits
        self._path = path
        self._tree = tree
        self._members = names.members
        self._tops = names.tops
        self._modules = modules
        self._own = set(_top_names(tree))

    def rename(self) -> None:
        """All: what the module makes and what it takes."""
        self.follow()
        for node in walk(self._tree):
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    self._rename_member(inner)
            elif isinstance(node, ast.Constant) and _is_name(node) and node.value in self._members:
                self._edits.replace(node, repr(self._members[str(node.value)]))
        for use in uses(self._tree):
            if use.is_global and use.name in self._tops and use.name in self._own:
                self._edits.replace_name(use, self._tops[use.name])

    def follow(self, *, is_own: bool = True) -> None:
        """What the module takes from others. One that is not the image's own keeps its words."""
        taken: set[str] = set()
        tops = set(self._tree.body)
        foreign = set(_foreign_modules(self._path, self._tree, self._modules))
        for node in walk(self._tree):
            if isinstance(node, ast.Attribute):
                owner = getattr(node.value, "id", "")
                names = self._tops if owner in self._modules else self._members
                if owner not in foreign and node.attr in names:
                    self._edits.replace_attribute(node, names[node.attr])
            elif isinstance(node, ast.ImportFrom) and self._is_ours(node):
                taken.update(self._rename_import(node, is_own and node in tops))
        for use in uses(self._tree):
            if use.is_global and use.name in taken:
                self._edits.replace_name(use, self._tops[use.name])

    def _is_ours(self, node: ast.ImportFrom) -> bool:
        return imported_module(self._path, node) in self._modules

    def _rename_import(self, node: ast.ImportFrom, is_renamed: bool) -> Iterator[str]:
        """Tells the names that are new in this module, too: those of a top import."""
        aliases = []
        for alias in node.names:
            new = self._tops.get(alias.name)
            if new is None:
                aliases.append(alias)
            elif is_renamed and alias.asname is None:
                aliases.append(ast.alias(new))
                yield alias.name
            else:
                aliases.append(ast.alias(new, alias.asname or alias.name))
        words = ", ".join(ast.unparse(alias) for alias in aliases)
        source = f"{'.' * node.level}{node.module or ''}"
        self._edits.replace(node, f"from {source} import {words}")

    def _rename_member(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef) and node.name in self._members:
            self._edits.replace_defined(node, node.name, self._members[node.name])
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and target.id in self._members:
                    self._edits.replace(target, self._members[target.id])


def _rename_parameters(edits: Edits, function: ast.FunctionDef, image: _Image) -> None:
    """Named by their place, so that all functions share them, unless somebody gives them by
    keyword."""
    args = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    changed = {}
    for index, each in enumerate(args):
        if each.arg not in image.given and each.arg != "self":
            changed[each.arg] = f"_{index}"
            edits.replace_parameter(each, f"_{index}")
    for node in itertools.chain.from_iterable(map(walk, function.body)):
        if isinstance(node, ast.Name) and node.id in changed:
            edits.replace(node, changed[node.id])


def _is_simple(function: ast.FunctionDef) -> bool:
    """Without functions inside, which would see the names around them."""
    inner = itertools.chain.from_iterable(map(walk, function.body))
    return not any(isinstance(node, ast.FunctionDef | ast.Lambda | ast.Global) for node in inner)


# --- which names there are ---


def _without_annotations(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but annotations, which MicroPython drops."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _without_annotations(child)


def _attributes(tree: ast.Module) -> Iterator[str]:
    for node in walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr


def _words(tree: ast.Module) -> Iterator[str]:
    """The names that a module keeps besides its own: attributes, strings, names of arguments."""
    yield from _attributes(tree)
    for node in walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and _is_word(node.value):
            yield str(node.value)


def _bare_names(tree: ast.Module) -> Iterator[str]:
    """All names except those after a dot."""
    for node in walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield from alias.name.split(".")
                yield alias.asname or alias.name


def _top_names(tree: ast.Module) -> Iterator[str]:
    """Names at the top of a module that it makes itself."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _foreign_modules(path: str, tree: ast.Module, modules: set[str]) -> Iterator[str]:
    """What the module calls those that are not ours, and what it takes from them; and those of ours
    that it takes whole, whose names it finds as attributes."""
    for node in walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in modules:
                    yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if not _is_name_of(path, node, alias, modules):
                    yield alias.asname or alias.name


def _is_name_of(path: str, node: ast.ImportFrom, alias: ast.alias, modules: set[str]) -> bool:
    """Is it what one of `modules` has, and no module itself?"""
    origin = imported_module(path, node)
    return origin in modules and f"{origin}.{alias.name}" not in modules


def _foreign_names(
    path: str, node: ast.Import | ast.ImportFrom, modules: set[str]
) -> Iterator[str]:
    """The words of an import, except the names that one of our modules has."""
    for alias in node.names:
        if not isinstance(node, ast.ImportFrom) or not _is_name_of(path, node, alias, modules):
            yield from alias.name.split(".")
        if alias.asname:
            yield alias.asname


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier() and not keyword.iskeyword(value)


def _is_name(node: ast.Constant) -> bool:
    return isinstance(node.value, str) and node.value.startswith("_")


def _is_getattr(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1


def _prefix(node: ast.expr) -> Iterator[str]:
    """The beginning of a name that is put together."""
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
        yield str(node.left.value)


def _short_names() -> Iterator[str]:
    letters = string.ascii_letters
    for first, second in itertools.product(letters, letters + string.digits):
        if not keyword.iskeyword(first + second):
            yield first + second
