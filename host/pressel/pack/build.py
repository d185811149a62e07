"""Builds the flash content of a badge: bytecode, plain files and a manifest.json that lists them.

The same sources give the same bytes, whoever builds and wherever. It takes what did not change from
the last build. It knows nothing of boards, or of how files reach a badge.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pressel.json_text import read_json
from pressel.tracebacks import Tracebacks
from pressel.tree import ROOT

from .bytecode import compile_module, compiler_version
from .choice import leave_out
from .manifest import ROM, ROM_FILE, Source, list_sources, read_manifest
from .packing import STOCK, WRITTEN, Packing
from .piece import Piece
from .rom_image import rom_image
from .trees import parse

MANIFEST = ROOT / "firmware" / "manifest.toml"
LISTING = "manifest.json"  # in the built folder

_FACTS = {  # by module, its constants and what the listing calls them
    "app/release.py": {"RELEASE": "release"},
    "ptt/wire/messages.py": {"TABLE_HASH": "table"},
}


@dataclass(frozen=True)
class BuiltFile:
    """One file of the flash: its path there, and what its content is and was made from."""

    path: str
    bytes: int
    sha256: str
    source_sha256: str


@dataclass(frozen=True)
class FirmwareBuild:
    """A finished build. `imports` is the order in which the entry module loads the others, `rom`
    what is in its `ROM_FILE`, by paths as a badge has it mounted."""

    folder: Path
    files: tuple[BuiltFile, ...]
    imports: tuple[str, ...]
    is_source: bool
    digest: str  # SHA-256 of the listing: two builds of one digest are the same
    rom: tuple[BuiltFile, ...] = ()


def build_firmware(
    out: Path,
    *,
    packing: Packing = STOCK,
    source: bool = False,
    architecture: str = "",
    without: Collection[str] = (),
    manifest: Path = MANIFEST,
    root: Path = ROOT,
) -> FirmwareBuild:
    """Builds what `manifest` names into the folder `out`, which becomes exactly the build.

    It goes without the features that are named in `without` (`boards.heap` says which ones do not
    fit a chip).

    With `source`, modules stay .py files, as line coverage needs them. With an `architecture`
    (`ARCHITECTURES` has them by chip) the build has the native packages, too; without one, it runs
    on any MicroPython. Several processes may build into one folder at once. Raises `CompileError`
    naming file and line, `UsageError` for a manifest that cannot be followed.
    """
    content = read_manifest(manifest)
    sources = list_sources(content, root, native=bool(architecture) and not source)
    packing = WRITTEN if source else packing
    if packing.is_compiled:
        sources = leave_out(sources, without)
    compiler = compiler_version() if packing.is_compiled else ""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        folder = Path(scratch) / "new"
        earlier = _earlier_files(out, compiler, architecture)
        prepared = packing.prepare(content, sources)
        files = []
        for piece in prepared.pieces:
            machine = architecture if piece.is_native else ""
            files.append(_build_file(piece, folder, compiler, machine, earlier, out))
        rom: list[BuiltFile] = []
        if packing.is_rom:
            rom = [file for file in files if Path(file.path).is_relative_to(ROM)]
            files = [file for file in files if file not in rom] + [_put_image(folder, rom)]
        facts = {
            **_release(sources),
            "architecture": architecture,
            "compiler": compiler,
            "imports": list(prepared.imports),
            "packing": packing.name,
            "rom": [vars(file) for file in rom],
            "without": sorted(without),
        }
        listing = _listing(files, facts)
        (folder / LISTING).write_text(listing, "utf-8")
        if not is_intact(out, listing, files):
            swap(folder, out, Path(scratch))
    if prepared.names:
        Tracebacks(prepared.lines, prepared.functions, prepared.names).save_beside(out)
    digest = hashlib.sha256(listing.encode()).hexdigest()
    return FirmwareBuild(out, tuple(files), prepared.imports, source, digest, tuple(rom))


def _build_file(
    piece: Piece,
    folder: Path,
    compiler: str,
    architecture: str,
    earlier: dict[str, BuiltFile],
    out: Path,
) -> BuiltFile:
    compiled = piece.is_module and bool(compiler)
    path = piece.target.with_suffix(".mpy") if compiled else piece.target
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    source_sha256 = hashlib.sha256(piece.text).hexdigest()
    known = earlier.get(str(path))
    if not compiled:
        target.write_bytes(piece.text)
    elif not (known and known.source_sha256 == source_sha256 and _copy(out, known, target)):
        prepared = target.with_suffix(".py")
        prepared.write_bytes(piece.text)
        compile_module(prepared, target, piece.module_path, piece.written, architecture)
        prepared.unlink()
    return BuiltFile(str(path), target.stat().st_size, _sha256(target), source_sha256)


def _put_image(folder: Path, files: Iterable[BuiltFile]) -> BuiltFile:
    """Makes one image of `files`, which are in `folder` and lie in the image afterwards."""
    prefix = f"{ROM}/"
    image = rom_image({f.path.removeprefix(prefix): (folder / f.path).read_bytes() for f in files})
    (folder / ROM_FILE).write_bytes(image)
    shutil.rmtree(folder / ROM)
    sha256 = _sha256(folder / ROM_FILE)
    return BuiltFile(ROM_FILE, len(image), sha256, sha256)


def _copy(out: Path, known: BuiltFile, target: Path) -> bool:
    """Takes a file from the last build; False if it is no longer what that build made."""
    try:
        shutil.copyfile(out / known.path, target)
    except FileNotFoundError:
        return False
    return _sha256(target) == known.sha256


def _release(sources: list[Source]) -> dict[str, object]:
    """What the application says of itself: release number, its name, hash of the message table."""
    facts: dict[str, object] = {}
    for item in sources:
        names = _FACTS.get(item.module_path, {})
        for node in parse(item.read()).body if names else ():
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = names.get(node.targets[0].id)
                if name:
                    value = ast.literal_eval(node.value)
                    facts[name] = value.hex() if isinstance(value, bytes) else value
    if "release" in facts:
        facts["build"] = f"0.1.{facts['release']}"  # as app/boot.py says in HELLO
    return facts


def _listing(files: Iterable[BuiltFile], facts: dict[str, object]) -> str:
    content = {**facts, "files": [vars(file) for file in files]}
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _earlier_files(out: Path, compiler: str, architecture: str) -> dict[str, BuiltFile]:
    """The files of the last build by path; none if another compiler made them, or if they were made
    for another chip."""
    try:
        listing = read_json((out / LISTING).read_text("utf-8"))
        if (listing["compiler"], listing["architecture"]) != (compiler, architecture):
            return {}
        return {entry["path"]: BuiltFile(**entry) for entry in listing["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def is_intact(out: Path, listing: str, files: Iterable[BuiltFile]) -> bool:
    """Is `out` already this build, to the byte and without anything else in it?"""
    try:
        if (out / LISTING).read_text("utf-8") != listing:
            return False
        wanted = {file.path: file.sha256 for file in files}
        found = {
            path.relative_to(out).as_posix(): _sha256(path)
            for path in out.rglob("*")
            if path.is_file() and path != out / LISTING
        }
    except OSError:
        return False
    return found == wanted


def swap(folder: Path, out: Path, scratch: Path) -> None:
    """Puts `folder` in the place of `out`; of two processes that do so, the later one wins."""
    for attempt in range(100):
        try:
            if out.exists():
                os.rename(out, scratch / f"old-{attempt}")
            os.rename(folder, out)
            return
        except OSError:  # another process swapped between the two lines
            if not folder.exists():
                raise
    raise OSError(f"{out} is swapped by other processes again and again")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
