"""The releases that a leader has at hand, in `updates/releases` of its folder.

A release is checked when it is added, and again each time it is read: the disk may have changed.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from pressel.errors import PresselError, UsageError
from pressel.private_folder import make_private

from . import keys
from .release import ANY_CHIP, Release, read_release
from .used_leaves import UsedLeaves
from .voices import read_voices

RELEASES_MAX = 32  # of some 200 KB each


class Library:
    """The releases below `state`, the leader's folder."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.folder = state / "updates" / "releases"

    def add(self, source: Path) -> Release:
        """Check the release in `source` and keep it."""
        trusted = keys.trusted(self._state)
        if not trusted:
            raise UsageError("no signer is trusted yet; see `pressel update trust --help`")
        release = read_release(source, trusted)
        UsedLeaves(self.folder.parent).note(release.signer, release.leaf, release.signed_sha256)
        if len(self._files()) >= RELEASES_MAX:
            raise UsageError(f"{RELEASES_MAX} releases are kept; delete some in {self.folder}")
        target = self.folder / f"{release.id}.zip"
        try:
            make_private(self.folder)
            if target.exists() and self._read(target).text != release.text:
                raise UsageError(
                    f"another release {release.number} for {release.chip} is kept already; "
                    "give the new one a higher number"
                )
            beside = target.with_suffix(".new")
            if source.is_dir():
                with zipfile.ZipFile(beside, "w") as package:
                    for file in sorted(p for p in source.rglob("*") if p.is_file()):
                        package.write(file, file.relative_to(source).as_posix())
            else:
                shutil.copyfile(source, beside)
            beside.replace(target)
            by = read_voices(self._state).get(release.signer, ())
            keys.trust(self._state, release.brings, by)  # the next key: the present one signed it
        except OSError as error:
            raise PresselError(f"cannot keep {target}: {error.strerror}") from error
        return release

    def all(self, number: int | None = None) -> list[Release]:
        """Every release (of that number) that is still right, newest first; a damaged one is left
        out."""
        found = []
        for file in self._files():
            if number is not None and not file.name.startswith(f"{number}-"):
                continue
            try:
                found.append(self._read(file))
            except UsageError:
                continue
        return sorted(found, key=lambda each: (-each.number, each.chip))

    def get(self, number: int | None) -> dict[str, Release]:
        """By chip: what there is of release `number` (None: the newest)."""
        releases = self.all(number)
        if not releases and not self._files():
            raise UsageError("there is no release; add one with `pressel update add`")
        wanted = releases[0].number if number is None and releases else number
        found = {each.chip: each for each in releases if each.number == wanted}
        if not found:
            raise UsageError(
                f"there is no release {wanted}; `pressel update list` shows those that exist"
            )
        return found

    def files(self) -> list[Path]:
        """A ZIP file a release, damaged ones among them."""
        return self._files()

    def make_room(self, kept: set[str]) -> None:
        """Delete the oldest of those whose file is not named in `kept`, until one more has room."""
        others = sorted(
            (file for file in self._files() if file.name not in kept),
            key=lambda file: file.stat().st_mtime,
        )
        for file in others[: max(0, len(self._files()) + 1 - RELEASES_MAX)]:
            file.unlink()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.zip")) if self.folder.is_dir() else []

    def _read(self, file: Path) -> Release:
        return read_release(file, keys.trusted(self._state))


def for_chip(releases: dict[str, Release], chip: str) -> Release | None:
    """What a badge with `chip` ("": not known yet) is offered."""
    if chip:
        return releases.get(chip) or releases.get(ANY_CHIP)
    return releases.get(ANY_CHIP) or next(iter(releases.values()), None)
