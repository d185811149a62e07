"""The stock packing: MicroPython runs this bytecode from the heap, so this packing makes all of it
small.

It puts constants in place, shrinks tables, leaves out what nobody calls, joins most modules, lets
statements share lines and shortens names (docs/adr/0009 and 0011 say what each step is worth).
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..asides import drop_asides
from ..constants import inline_constants
from ..import_order import import_order
from ..manifest import Join, Manifest, Source, module_path
from ..names import module_name
from ..piece import Piece, Prepared, pieces_of, texts_of
from ..trees import parse, walk
from .joining import join_modules
from .lines import share_lines
from .ordering import frequent_first
from .shortening import called_words, follow_names, shorten_names
from .tables import shrink_tables
from .unused import drop_unused


def prepare(content: Manifest, sources: Sequence[Source]) -> Prepared:
    """The sources as a badge gets them. A module that does not parse is left as it is: the compiler
    then says what is wrong with it."""
    plain = tuple(each.read() for each in sources if not each.is_module)
    texts = tuple(texts_of(sources).items())
    # A frozen model has a hash, which the checker does not see.
    with _uncollected():
        return _prepare(content, tuple(sources), texts, plain)  # pyright: ignore[reportArgumentType]


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """A build makes millions of nodes, and none of them is in a circle: looking for garbage among
    them takes a third of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@functools.lru_cache(maxsize=4)  # it takes seconds, and one process may build for several chips
def _prepare(
    content: Manifest,
    sources: tuple[Source, ...],
    written: tuple[tuple[str, str], ...],
    plain: tuple[bytes, ...],
) -> Prepared:
    """`written` and `plain` are what the sources hold: other content is another build."""
    texts = dict(written)
    try:
        texts = inline_constants(texts)
    except SyntaxError:
        return Prepared(pieces_of(sources, texts), ())
    imports = import_order(content.entry, sources)
    if content.join is None:
        return Prepared(pieces_of(sources, texts), tuple(imports))
    image = _Image(content.join, sources, texts, imports)
    rest = [each for each in sources if each.module not in image.members or not each.is_module]
    whole = Piece(
        content.join.target,
        image.texts[image.path].encode(),
        is_module=True,
        is_native=False,
        path=Path(),
        places=image.lines,
        files={each.module_path: each.path for each in sources},
    )
    pieces = [*pieces_of(rest, image.texts), whole]
    pieces.sort(key=lambda piece: piece.target.as_posix())
    order = _joined_imports(imports, image.members, sources, whole)
    functions = {each.module_path: _functions(each) for each in sources if each.is_module}
    return Prepared(tuple(pieces), tuple(order), image.names.written(), functions)


def beside(
    content: Manifest, sources: Sequence[Source], others: Mapping[str, str]
) -> dict[str, str]:
    """Other modules (text by path) that use a badge's, rewritten to fit what those have become."""
    with _uncollected():
        texts = inline_constants({**texts_of(sources), **others})
        if content.join is not None:
            imports = import_order(content.entry, sources)
            image = _Image(content.join, sources, inline_constants(texts_of(sources)), imports)
            texts = {**image.used, **{name: texts[name] for name in others}}
            texts = join_modules(texts, image.members, image.path).texts
            texts = {name: texts[name] for name in others}
            return follow_names(texts, image.names, image.modules)
        return {path: texts[path] for path in others}


class _Image:
    """The modules of a badge, joined and with short names."""

    def __init__(
        self, join: Join, sources: Sequence[Source], texts: dict[str, str], imports: Sequence[str]
    ) -> None:
        self.path = module_path(join.target)
        self.members = _members(join, sources, imports)
        native = [each.module_path for each in sources if each.is_native]
        kept = {*join.kept, *called_words()}
        self.used = drop_unused(shrink_tables(drop_asides(texts)), kept=kept, untouched=native)
        joined = join_modules(self.used, self.members, self.path)
        whole, self.lines = share_lines(joined.texts[self.path], joined.lines)
        texts = {**joined.texts, self.path: whole}
        short = shorten_names(texts, kept=join.kept, untouched=native, loaded=self.path)
        self.modules = [module_name(path) for path in texts]
        self.texts = {**short.texts, self.path: frequent_first(short.texts[self.path])}
        self.names = short.names


def _joined_imports(
    imports: Sequence[str], members: Sequence[str], sources: Sequence[Source], whole: Piece
) -> list[str]:
    """Foreign modules first: the joined module loads all that it needs itself."""
    own = {each.module for each in sources if each.is_module}
    foreign = [name for name in imports if name not in own]
    alone = [name for name in imports if name in own and name not in members]
    return [*foreign, whole.module_path.removesuffix(".py").replace("/", "."), *alone]


def _members(join: Join, sources: Sequence[Source], imports: Sequence[str]) -> list[str]:
    """The modules that are joined, beginning with those that others need."""
    native = {each.module for each in sources if each.is_native}
    own = {each.module for each in sources if each.is_module} - native - set(join.apart)
    return [name for name in imports if name in own]


def _functions(source: Source) -> list[tuple[int, str]]:
    """Line and name of each function and class."""
    tree = parse(source.read())
    nodes = (node for node in walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return sorted((node.lineno, node.name) for node in nodes)
