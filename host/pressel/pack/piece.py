"""What a packing makes of the sources: pieces, each one file of the flash before it is compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .manifest import Source, module_path


@dataclass(frozen=True)
class Place:
    """Where a line was written: module path (`ptt/clock.py`) and number."""

    path: str
    line: int


@dataclass(frozen=True)
class Piece:
    """One file of the flash before it is compiled (a module) or copied. `path` and `places` say
    where it was written: one file line for line, or each line somewhere."""

    target: PurePosixPath
    text: bytes
    is_module: bool
    is_native: bool
    path: Path
    places: tuple[Place, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)  # by the paths of `places`

    @property
    def module_path(self) -> str:
        return module_path(self.target)

    def written(self, line: int) -> str:
        """Where somebody wrote a line, for a message; 0: the file."""
        if self.places:
            place = self.places[max(line, 1) - 1]
            return f"{self.files[place.path]}:{place.line}"
        return f"{self.path}:{line}" if line else str(self.path)


@dataclass(frozen=True)
class Prepared:
    """All pieces of a build, and the order in which its entry module loads modules."""

    pieces: tuple[Piece, ...]
    imports: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)  # what each short name was
    functions: Mapping[str, list[tuple[int, str]]] = field(default_factory=dict)  # where they begin

    @property
    def lines(self) -> dict[str, list[tuple[str, list[int]]]]:
        """By joined module: where its lines were written, as `Tracebacks` wants it."""
        return {piece.module_path: _runs(piece.places) for piece in self.pieces if piece.places}


def texts_of(sources: Iterable[Source]) -> dict[str, str]:
    """What the modules hold, by module path."""
    return {each.module_path: each.read().decode() for each in sources if each.is_module}


def pieces_of(sources: Sequence[Source], texts: Mapping[str, str]) -> tuple[Piece, ...]:
    """A piece for each source: a module has its text of `texts`, another file its own."""
    return tuple(
        piece_of(each, texts[each.module_path].encode() if each.is_module else None)
        for each in sources
    )


def piece_of(source: Source, text: bytes | None = None) -> Piece:
    """`text` is what it holds instead of what was written."""
    content = source.read() if text is None else text
    return Piece(source.target, content, source.is_module, source.is_native, source.path)


def _runs(places: Iterable[Place]) -> list[tuple[str, list[int]]]:
    """Lines that were written in one module, module after module."""
    runs: list[tuple[str, list[int]]] = []
    for place in places:
        if not runs or runs[-1][0] != place.path:
            runs.append((place.path, []))
        runs[-1][1].append(place.line)
    return runs
