"""Makes one module of many, so that a badge keeps what a module costs only once.

A module costs a badge about 250 bytes whatever is in it: its object, a dictionary, a slot in two
others, and its name and the names of its files as strings. And each name that one module takes
from another costs a slot. So the modules that every start loads become one; the others stay files
of their own and take what they need from it.

Works on the sources of all modules together, after `constants`. A name at the top of a module stays
as it is where nothing else has that name; otherwise the module's name is put before it. Docstrings,
comments and empty lines go; `Joined.lines` says where each line was written.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pressel.errors import UsageError

from ..edits import Edits
from ..names import Use, bound_names, imported_module, module_name, uses
from ..piece import Place
from ..trees import parse, walk

_QUIET = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Joined:
    """`texts`: sources by module path, the members' replaced by the joined module's. `lines`: where
    each line of the joined module was written."""

    texts: dict[str, str]
    lines: tuple[Place, ...]


@dataclass(frozen=True)
class _Symbol:
    """What a name at the top of a module stands for: a module (`name` is ""), or a name in one."""

    module: str
    name: str = ""


@dataclass
class _Module:
    path: str
    text: str
    name: str = field(init=False)
    tree: ast.Module = field(init=False)
    uses: list[Use] = field(init=False)
    symbols: dict[str, _Symbol] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = module_name(self.path)
        self.tree = parse(self.text)
        self.uses = list(uses(self.tree))

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that ``from X import`` names."""
        return imported_module(self.path, node)


def join_modules(texts: Mapping[str, str], members: Sequence[str], target: str) -> Joined:
    """Sources by module path to those with `members` (module names, those first that others need)
    as the one module of path `target`. Raises `UsageError` for what cannot be joined."""
    modules = {each.name: each for each in (_Module(path, text) for path, text in texts.items())}
    joining = _Joining(modules, [name for name in members if name in modules], target)
    result = {
        module.path: joining.rewrite_other(module)
        for module in modules.values()
        if module.name not in joining.members
    }
    lines: list[str] = []
    places: list[Place] = []
    for name in joining.members:
        path = modules[name].path
        for number, line in joining.rewrite_member(modules[name]):
            lines.append(line)
            places.append(Place(path, number))
    result[target] = "".join(f"{line}\n" for line in lines)
    return Joined(dict(sorted(result.items())), tuple(places))


def _local_names(module: _Module) -> Iterator[str]:
    """Names that a function of the module assigns to, and built-in ones."""
    for use in module.uses:
        if not use.is_global or use.name not in module.symbols:
            yield use.name
    for node in walk(module.tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _names_are_used(module: _Module) -> bool:
    """Does the module look its own names up as strings? Then they must stay."""
    return any(use.name == "globals" for use in module.uses)


class _Joining:
    """The names of one joined module, and how others are rewritten for them."""

    def __init__(self, modules: dict[str, _Module], members: list[str], target: str) -> None:
        self.modules = modules
        self.members = dict.fromkeys(members)
        self.name = module_name(target)
        for module in modules.values():
            self._find_symbols(module)
        self._names = self._choose_names()
        self._imported: set[str] = set()  # foreign names that the joined module has by now

    # --- what names stand for ---

    def _find_symbols(self, module: _Module) -> None:
        for name in bound_names(module.tree.body):
            module.symbols[name] = _Symbol(module.name, name)
        for node in _top_statements(module.tree.body):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    module.symbols[alias.asname or alias.name.partition(".")[0]] = _Symbol(
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    symbol = self._imported_symbol(module, node, alias)
                    module.symbols[alias.asname or alias.name] = symbol

    def _imported_symbol(self, module: _Module, node: ast.ImportFrom, alias: ast.alias) -> _Symbol:
        source = module.absolute(node)
        inner = f"{source}.{alias.name}"
        return _Symbol(inner) if inner in self.modules else _Symbol(source, alias.name)

    def _final(self, symbol: _Symbol) -> _Symbol:
        """The symbol at the end of a chain of imports."""
        while symbol.name and symbol.module in self.modules:
            found = self.modules[symbol.module].symbols.get(symbol.name)
            if found is None or found == symbol:
                return symbol
            symbol = found
        return symbol

    def _choose_names(self) -> dict[_Symbol, str]:
        """The names of the joined module. None of them is a local name or a built-in in any member:
        there it would hide what is meant."""
        hidden = {name for each in self.members for name in _local_names(self.modules[each])}
        pinned = {each for each in self.members if _names_are_used(self.modules[each])}
        names: dict[_Symbol, str] = {}
        owners: dict[str, str] = {}  # of names that must stay: their module
        wanted: dict[_Symbol, str] = {}
        for each in self.members:
            for symbol in self.modules[each].symbols.values():
                final = self._final(symbol)
                if final.module in pinned and final.name:
                    names[final] = final.name
                    other = owners.setdefault(final.name, final.module)
                    if other != final.module:
                        raise UsageError(
                            f"{final.module} and {other} both have '{final.name}' and look names "
                            "up as strings; they cannot be joined."
                        )
                elif final.name or final.module not in self.members:
                    wanted.setdefault(final, final.name or final.module.rpartition(".")[2])
        for symbol, name in names.items():
            if name in hidden:
                raise UsageError(f"{symbol.module}: '{name}' is a local name in another module.")
        taken = hidden | set(names.values()) | {self.name}
        for symbol, name in wanted.items():
            if name in taken:
                name = f"{symbol.module.replace('.', '_')}_{symbol.name or 'module'}"
            taken.add(name)
            names[symbol] = name
        return names

    # --- rewriting ---

    def rewrite_member(self, module: _Module) -> Iterator[tuple[int, str]]:
        """Lines with their numbers in the source."""
        edits = Edits(module.text)
        for node in _top_statements(module.tree.body):
            if isinstance(node, ast.Import | ast.ImportFrom):
                edits.replace(node, self._member_import(module, node) or "pass")
        for node in walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node not in list(
                _top_statements(module.tree.body)
            ):
                self._check_inner(module, node)
                if node.level:
                    edits.replace(node, _import_from(module.absolute(node), node.names))
        for use in module.uses:
            if not use.is_global or use.name not in module.symbols:
                continue
            self._replace_use(edits, module, use, self._names)
        _drop_docstrings(module.tree, edits)
        yield from _code_lines(edits.apply())

    def _replace_use(
        self, edits: Edits, module: _Module, use: Use, names: Mapping[_Symbol, str]
    ) -> None:
        symbol = self._final(module.symbols[use.name])
        if symbol.name == "" and symbol.module in self.members:
            if use.attribute is None:
                raise UsageError(
                    f"{module.path}:{use.node.lineno}: the module {symbol.module} cannot be joined "
                    "with others while it is used as a value."
                )
            inner = self._final(_Symbol(symbol.module, use.attribute.attr))
            edits.replace(use.attribute, names[inner])
        else:
            edits.replace_name(use, names[symbol])

    def _check_inner(self, module: _Module, node: ast.ImportFrom) -> None:
        for alias in node.names:
            symbol = self._imported_symbol(module, node, alias)
            is_there = not symbol.name or symbol.name in self.modules[symbol.module].symbols
            if symbol.module in self.members and is_there:
                raise UsageError(
                    f"{module.path}:{node.lineno}: a module that is joined cannot be imported "
                    "inside a function."
                )

    def _member_import(self, module: _Module, node: ast.Import | ast.ImportFrom) -> str:
        """The import without what is joined and what was imported before."""
        kept: list[ast.alias] = []
        for alias in node.names:
            local = alias.asname or alias.name.partition(".")[0]
            symbol = self._final(module.symbols[local])
            if symbol.module in self.members:
                continue
            name = self._names[symbol]
            if name not in self._imported:
                self._imported.add(name)
                original = alias.name
                kept.append(ast.alias(original, None if name == original else name))
        if not kept:
            return ""
        if isinstance(node, ast.Import):
            return "import " + ", ".join(ast.unparse(alias) for alias in kept)
        return _import_from(module.absolute(node), kept)

    def rewrite_other(self, module: _Module) -> str:
        """A module that stays a file of its own; its lines stay where they are."""
        edits = Edits(module.text)
        for node in walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                text = self._other_import(module, node)
                if text is not None:
                    edits.replace(node, text)
        for use in module.uses:
            symbol = module.symbols.get(use.name)
            if symbol is None or not use.is_global or use.attribute is None:
                continue
            symbol = self._final(symbol)
            if symbol.name == "" and symbol.module in self.members:
                inner = self._final(_Symbol(symbol.module, use.attribute.attr))
                edits.replace(use.attribute, f"{self.name}.{self._names[inner]}")
        return edits.apply()

    def _other_import(self, module: _Module, node: ast.ImportFrom) -> str | None:
        """None: it stays as it is."""
        taken: list[str] = []
        left: list[ast.alias] = []
        is_whole = False
        for alias in node.names:
            symbol = self._final(self._imported_symbol(module, node, alias))
            if symbol.module not in self.members:
                left.append(alias)
            elif symbol.name == "":
                is_whole = True
            else:
                name, local = self._names[symbol], alias.asname or alias.name
                taken.append(name if name == local else f"{name} as {local}")
        if not taken and not is_whole:
            return None
        parts = [f"import {self.name}"] if is_whole else []
        if taken:
            parts.append(f"from {self.name} import {', '.join(taken)}")
        if left:
            parts.append(_import_from(module.absolute(node), left))
        return "; ".join(parts)


def _top_statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on loading, those inside `if`, `for` and `try` too."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield from _top_statements(getattr(node, name, []))
        for handler in getattr(node, "handlers", []):
            yield from _top_statements(handler.body)


def _import_from(module: str, names: Sequence[ast.alias]) -> str:
    return f"from {module} import {', '.join(ast.unparse(alias) for alias in names)}"


def _drop_docstrings(tree: ast.Module, edits: Edits) -> None:
    for node in walk(tree):
        if not isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            edits.replace(first, "pass" if len(node.body) == 1 else "")


def _code_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold code, with their numbers."""
    kept: set[int] = set()
    ends: dict[int, int] = {}  # of the code, by line, where a comment follows
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            ends[token.start[0]] = token.start[1]
        if token.type not in _QUIET:
            kept.update(range(token.start[0], token.end[0] + 1))
    for number, line in enumerate(text.splitlines(), start=1):
        is_nothing = line == "pass"  # at the top, in the place of an import
        if number in kept and not is_nothing:
            yield number, line[: ends.get(number)].rstrip()
