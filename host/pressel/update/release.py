"""A release as files: its manifest, the manifest's signature, and the content of a badge's slot.

A folder, or a ZIP file of one, with `update.txt`, `update.lms` and `files/`. Among these is the
key of the signer whose releases the badge takes next. All input is checked
as a whole before it is trusted; limits are the badge's own.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.signer.signer import Signer
from ptt.base.numbers import UPDATE_FILE_BYTES_MAX, UPDATE_FILES_MAX, UPDATE_MANIFEST_BYTES_MAX
from ptt.link import update_manifest as manifest
from ptt.link.lms import SIGNATURE_BYTES
from ptt.link.update_signature import signed_head

from . import keys

MANIFEST = "update.txt"
SIGNATURE = "update.lms"
FORMER_SIGNATURE = "update.sig"  # by a key that only hosts checked
FILES = "files/"
ANY_CHIP = "any"
SLOT = "a"  # of a build
STOCK = "stock"  # the packing of which a slot holds all

# What `zipfile` raises for one that is damaged, encrypted or packed in a way of which it knows
# nothing; its documentation has the first two of them.
_UNREADABLE = (OSError, zipfile.BadZipFile, EOFError, RuntimeError, ValueError, zlib.error)
_UNREADABLE += (lzma.LZMAError,)


@dataclass(frozen=True)
class Release:
    """`parts[0]` is the manifest with its signature, the others the files of `paths`. `signer`: the
    public key that signed it; `leaf`: with which of its leaves; `brings`: the key that badges with
    this release take the next ones from; `flags`: whether it may take the place of a newer one."""

    number: int
    build: str
    chip: str
    table: str
    parts: list[bytes]
    paths: list[str]
    signer: str
    leaf: int
    brings: str
    flags: int

    @property
    def id(self) -> str:
        return f"{self.number}-{self.chip}"

    @property
    def text(self) -> bytes:
        """The manifest alone."""
        return self.parts[0][:-SIGNATURE_BYTES]

    @property
    def signed_sha256(self) -> str:
        """Of what the leaf has signed."""
        return hashlib.sha256(signed_head(self.flags) + self.text).hexdigest()

    @property
    def size_bytes(self) -> int:
        return sum(len(part) for part in self.parts)


def sign_build(
    build: Path, chip: str, signer: Signer, out: Path, following: str = "", flags: int = 0
) -> Release:
    """Make a ZIP file `out` of what `pressel firmware build` made, signed. `following`: the public
    key of the next signer, to which badges are handed over; `flags`: see `Release`."""
    listing = _listing(build)
    try:
        number, name, table = listing["release"], listing["build"], listing["table"]
        machine, packing = listing["architecture"], listing.get("packing", STOCK)
    except (KeyError, TypeError, AttributeError):
        raise _no_build(build) from None
    if packing != STOCK:
        raise UsageError(f"{build} is packed as {packing}, which reaches a badge only by cable; "
            f"sign a build with --packing stock")  # fmt: skip
    if bool(machine) != (chip != ANY_CHIP):
        what = f"has machine code ({machine})" if machine else "has no machine code"
        raise UsageError(
            f"{build} {what}: name its chip with --chip, or use 'any' when it has none"
        )
    slot = build / SLOT
    files = {p.relative_to(slot).as_posix(): p.read_bytes() for p in slot.rglob("*") if p.is_file()}
    files[manifest.SIGNER] = bytes.fromhex(following) if following else signer.public
    text = _manifest(number, name, chip, table, files)
    signed = signed_head(flags) + text
    with signer.held():
        signature = signer.sign(signed, hands_over=bool(following))
    release = check(text, signature, files, [signer.public.hex()])
    beside = out.with_name(out.name + ".new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as package:
        _put(package, MANIFEST, text)
        _put(package, SIGNATURE, signature)
        for path in release.paths:
            _put(package, FILES + path, files[path])
    beside.replace(out)
    return release


def number_of(build: Path) -> int:
    """Of the release that the folder `build` is to become."""
    try:
        return _listing(build)["release"]
    except (KeyError, TypeError):
        raise _no_build(build) from None


def _listing(build: Path) -> Any:
    try:
        return read_json((build / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise _no_build(build) from None


def _no_build(build: Path) -> UsageError:
    return UsageError(f"{build} is no build; make one with `pressel firmware build`")


def _put(package: zipfile.ZipFile, name: str, data: bytes) -> None:
    package.writestr(zipfile.ZipInfo(name), data)  # with a fixed date: the same bytes each time


def _manifest(number: int, name: str, chip: str, table: str, files: dict[str, bytes]) -> bytes:
    total = sum(map(len, files.values()))
    values = ("1", number, name, chip, table, len(files), total)
    lines = [f"{k.decode()} {value}" for k, value in zip(manifest.HEAD, values, strict=True)]
    for path in sorted(files):
        lines.append(f"{hashlib.sha256(files[path]).hexdigest()} {len(files[path])} {path}")
    return "\n".join([*lines, ""]).encode()


def package_of(source: Path) -> bytes:
    """The ZIP file of the release in a folder or file, not yet trusted. UsageError when it cannot
    be one."""
    try:
        if not source.is_dir():
            with zipfile.ZipFile(source) as package:
                _check_names(source, {each.filename: each.file_size for each in package.infolist()})
            return source.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
            names = {p.relative_to(source).as_posix(): p for p in source.rglob("*") if p.is_file()}
            _check_names(source, {name: file.stat().st_size for name, file in names.items()})
            for name, file in sorted(names.items()):
                _put(package, name, file.read_bytes())
        return packed.getvalue()
    except _UNREADABLE as error:
        raise UsageError(f"cannot read {source} as a release: {error}") from error


def read_release(source: Path, trusted: list[str]) -> Release:
    """The release in a folder or ZIP file. UsageError when anything about it is not right."""
    try:
        if source.is_dir():
            names = {p.relative_to(source).as_posix(): p for p in source.rglob("*") if p.is_file()}
            _check_names(source, {name: file.stat().st_size for name, file in names.items()})
            found = {name: file.read_bytes() for name, file in names.items()}
        else:
            with zipfile.ZipFile(source) as package:
                sizes = {each.filename: each.file_size for each in package.infolist()}
                _check_names(source, sizes)
                found = {name: package.read(name) for name in sizes}
    except _UNREADABLE as error:
        raise UsageError(f"cannot read {source} as a release: {error}") from error
    files = {name.removeprefix(FILES): data for name, data in found.items() if FILES in name}
    return check(found[MANIFEST], found[SIGNATURE], files, trusted)


def _check_names(source: Path, sizes: dict[str, int]) -> None:
    """Before anything is unpacked."""
    is_small = len(sizes) <= UPDATE_FILES_MAX + 2 and all(
        size <= UPDATE_FILE_BYTES_MAX for size in sizes.values()
    )
    if is_small and {MANIFEST, FORMER_SIGNATURE} <= sizes.keys():
        raise UsageError(
            f"{source} was signed as releases were before badges checked signatures, and no badge "
            "takes it; sign its build again with `pressel release sign`"
        )
    if not is_small or not {MANIFEST, SIGNATURE} <= sizes.keys():
        raise UsageError(f"{source} is no release; make one with `pressel release sign`")


def check(text: bytes, signature: bytes, files: dict[str, bytes], trusted: list[str]) -> Release:
    """The release, when a trusted key signed it and every file is the one in the manifest."""
    signer, flags = "", 0
    for flags in (0, manifest.DOWNGRADE):
        signer = keys.signer_of(signed_head(flags) + text, signature, trusted)
        if signer:
            break
    if not signer:
        raise UsageError(
            "no trusted signer signed this release; compare the key that `pressel release show` "
            "prints where the signer is, and run `pressel update trust KEY`"
        )
    lines = text.split(b"\n")
    try:
        head = manifest.Head(lines[: len(manifest.HEAD)])
        listed = [manifest.read_file_line(line) for line in lines[len(manifest.HEAD) : -1]]
    except (ValueError, IndexError) as error:
        raise UsageError(f"the manifest of the release cannot be read: {error}") from error
    most = UPDATE_MANIFEST_BYTES_MAX - SIGNATURE_BYTES
    if len(text) > most or len(listed) != head.files or lines[-1]:
        raise UsageError("the manifest of the release has more or fewer files than it says")
    paths = []
    for digest, size, raw in listed:
        path = raw.decode()
        data = files.get(path)
        if data is None or len(data) != size or hashlib.sha256(data).digest() != digest:
            raise UsageError(f"file {path} of the release is missing or not the one signed")
        paths.append(path)
    if set(paths) != set(files) or len(paths) != len(set(paths)):
        raise UsageError("the release has files that its manifest does not name")
    brings = keys.checked(files.get(manifest.SIGNER, b"").hex())
    parts = [text + signature, *(files[path] for path in paths)]
    build, chip, table = (word.decode() for word in (head.build, head.chip, head.table))
    leaf = int.from_bytes(signature[:4], "big")
    return Release(head.release, build, chip, table, parts, paths, signer, leaf, brings, flags)
