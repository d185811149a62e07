"""Which source files a badge gets, and where they lie in its flash: `firmware/manifest.toml`.

Knows nothing of compiling; a file outside the manifest does not reach a badge.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import UsageError

SLOT = PurePosixPath("a")  # the application's, docs/updates.md
ROM = PurePosixPath("rom")  # where MicroPython mounts a ROMFS image
ROM_FILE = "rom.romfs"  # the image, among a build's files; on a badge it is a partition
# On a badge's sys.path: every MicroPython board's own folder, and where the application lies.
_LIBRARIES = (PurePosixPath("lib"), SLOT, ROM)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Package(_Strict):
    """A folder of modules that are compiled, with all that lies below it; or, where `folders` are
    named, with these alone. `native` ones are machine code: only a build for a chip has them."""

    source: PurePosixPath
    target: PurePosixPath
    folders: tuple[str, ...] = ()
    native: bool = False


class PlainFile(_Strict):
    """A file that is copied as it is."""

    source: PurePosixPath
    target: PurePosixPath


class Join(_Strict):
    """The modules that `entry` loads become one of path `target`, those `apart` left out. Names
    that only the badge's own code uses become shorter, except those that are `kept`."""

    target: PurePosixPath
    apart: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


class Manifest(_Strict):
    """The content of manifest.toml. Sources are relative to the root of the project."""

    entry: str  # the module whose build() makes the handset
    package: tuple[Package, ...] = ()
    file: tuple[PlainFile, ...] = Field(default=())
    join: Join | None = None


@dataclass(frozen=True)
class Source:
    """One file to build: `path` on the host, `target` in the flash (.py), compiled or copied.
    `text` is what it holds instead of what was written there."""

    path: Path
    target: PurePosixPath
    is_module: bool
    is_native: bool = False
    text: bytes | None = None

    def read(self) -> bytes:
        """What it holds."""
        return self.path.read_bytes() if self.text is None else self.text

    @property
    def module_path(self) -> str:
        """What a traceback on the badge calls it, such as `ptt/wire/crc.py`."""
        return module_path(self.target) if self.is_module else str(self.target)

    @property
    def module(self) -> str:
        """The name it is imported by, such as `ptt.wire.crc`."""
        name = self.module_path.removesuffix(".py").replace("/", ".")
        return name.removesuffix(".__init__")


def module_path(target: PurePosixPath) -> str:
    """What a traceback calls the module that lies at `target` in the flash."""
    for library in _LIBRARIES:
        if target.is_relative_to(library):
            return str(target.relative_to(library))
    return str(target)


def read_manifest(file: Path) -> Manifest:
    """Raises `UsageError` when the file is missing or is not a manifest."""
    try:
        return Manifest.model_validate(tomllib.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        raise UsageError(f"{file} is missing: it says what a badge carries.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is no TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{file}: {where}: {first['msg']}.") from None


def list_sources(manifest: Manifest, root: Path, *, native: bool = False) -> list[Source]:
    """All files that `manifest` names, sorted by target; native packages only if wanted."""
    sources = [
        Source(_existing(root / file.source), file.target, is_module=False)
        for file in manifest.file
    ]
    for package in manifest.package:
        if package.native and not native:
            continue
        folder = _existing(root / package.source)
        for path in _modules(folder, package.folders):
            target = package.target / path.relative_to(folder).as_posix()
            sources.append(Source(path, target, True, package.native))
    return sorted(sources, key=lambda source: source.target.as_posix())


def _modules(folder: Path, folders: tuple[str, ...]) -> list[Path]:
    if not folders:
        return sorted(folder.rglob("*.py"))
    found = [file for name in folders for file in _existing(folder / name).rglob("*.py")]
    return sorted([*folder.glob("__init__.py"), *found])


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UsageError(f"{path} does not exist, but the firmware's manifest.toml names it.")
    return path
