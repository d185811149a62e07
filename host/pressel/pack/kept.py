"""Builds that are kept by what they were made from, since making one takes many seconds.

A key is the hash of the manifest, of every source, of the compiler and of the code that builds.
What is kept lies in the clone's own build folder: `make clean` deletes it, and it is made anew when
its bytes are no longer what they were.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from pressel.json_text import read_json
from pressel.tree import CACHE

from . import build
from .build import LISTING, MANIFEST, ROOT, BuiltFile, FirmwareBuild
from .bytecode import compiler_version
from .choice import leave_out
from .manifest import list_sources, read_manifest
from .packing import STOCK, WRITTEN, Packing

SHELF = CACHE / "firmware"
KEPT_MAX = 32  # builds: chips, ways of packing, and the releases that tests make; 0.5 MB each

_BUILDER = Path(__file__).parent
_NAMES = ".map.json"  # after a build's name: the map that translates tracebacks


def build_firmware(
    out: Path,
    *,
    packing: Packing = STOCK,
    source: bool = False,
    architecture: str = "",
    without: Collection[str] = (),
    manifest: Path = MANIFEST,
    root: Path = ROOT,
    shelf: Path = SHELF,
) -> FirmwareBuild:
    """As `build.build_firmware`, from `shelf` if the same was built before; several processes that
    want the same build wait for the first one to make it."""
    key = _key(WRITTEN if source else packing, architecture, without, manifest, root)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_locked(shelf, key))
        except OSError:  # nothing can be kept here, for example in somebody else's clone
            return build.build_firmware(
                out, packing=packing, source=source, architecture=architecture,
                without=without, manifest=manifest, root=root,
            )  # fmt: skip
        kept = shelf / key
        made = _read(kept, source)
        if made is None:
            made = build.build_firmware(
                kept, packing=packing, source=source, architecture=architecture,
                without=without, manifest=manifest, root=root,
            )  # fmt: skip
            _forget_oldest(shelf)
        os.utime(kept)
        return _copy(made, out)


def _key(
    packing: Packing, architecture: str, without: Collection[str], manifest: Path, root: Path
) -> str:
    digest = hashlib.sha256()
    content = read_manifest(manifest)
    sources = list_sources(content, root, native=bool(architecture) and packing.is_compiled)
    if packing.is_compiled:
        sources = leave_out(sources, without)
    words = (packing.name, architecture, " ".join(sorted(without)), compiler_version(), sys.version)
    pieces = [word.encode() for word in words]
    pieces.append(manifest.read_bytes())
    for each in sources:
        pieces += [str(each.target).encode(), each.read()]
    for file in sorted((*_BUILDER.rglob("*.py"), *_BUILDER.rglob("*.toml"))):
        pieces.append(file.read_bytes())
    for piece in pieces:
        digest.update(b"%d " % len(piece) + piece)
    return digest.hexdigest()[:32]


@contextlib.contextmanager
def _locked(shelf: Path, key: str) -> Iterator[None]:
    """One process at a time works on one build; others are built meanwhile."""
    shelf.mkdir(parents=True, exist_ok=True)
    with (shelf / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(kept: Path, source: bool) -> FirmwareBuild | None:
    """The build in the folder `kept`; None if there is none, or if it was meddled with."""
    try:
        listing = (kept / LISTING).read_text("utf-8")
        content = read_json(listing)
        files = tuple(BuiltFile(**entry) for entry in content["files"])
        rom = tuple(BuiltFile(**entry) for entry in content["rom"])
        imports = tuple(content["imports"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not build.is_intact(kept, listing, files):
        return None
    digest = hashlib.sha256(listing.encode()).hexdigest()
    return FirmwareBuild(kept, files, imports, source, digest, rom)


def _copy(made: FirmwareBuild, out: Path) -> FirmwareBuild:
    listing = (made.folder / LISTING).read_text("utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    if not build.is_intact(out, listing, made.files):
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
            new = Path(scratch) / "new"
            shutil.copytree(made.folder, new)
            build.swap(new, out, Path(scratch))
    names = made.folder.with_name(made.folder.name + _NAMES)
    if names.exists():
        new = out.with_name(f".{out.name}{_NAMES}-{os.getpid()}")
        shutil.copyfile(names, new)
        new.replace(out.with_name(out.name + _NAMES))
    return dataclasses.replace(made, folder=out)


def _forget_oldest(shelf: Path) -> None:
    builds = [each for each in shelf.iterdir() if each.is_dir() and not each.name.startswith(".")]
    builds.sort(key=lambda each: each.stat().st_mtime)
    for old in builds[:-KEPT_MAX]:
        with contextlib.suppress(OSError), (shelf / f"{old.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # otherwise it is being copied
            shutil.rmtree(old)
            old.with_name(old.name + _NAMES).unlink(missing_ok=True)
            Path(lock.name).unlink()
