"""Backups of one registry in a folder: made, tried by a restore, and the oldest taken away."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from pressel.errors import PresselError
from pressel.private_folder import make_private

from . import backup

_PATTERN = "registry-*.backup"  # other files in the folder are somebody else's
_NAME = "registry-%Y%m%d-%H%M%S.backup"  # sorts by age


class Shelf:
    """`keep`: so many backups stay."""

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep

    def files(self) -> list[Path]:
        """The oldest first."""
        return sorted(self._folder.glob(_PATTERN))

    def age_s(self, now_s: float) -> float | None:
        """Since the newest one; None when there is none. One from the future, when the clock was
        wrong, is as good as none."""
        found = self.files()
        if not found:
            return None
        age_s = now_s - found[-1].stat().st_mtime
        return age_s if age_s >= 0 else None

    def add(self, state: Path, now_s: float) -> tuple[Path, int]:
        """A new backup of the registry in `state`, and how many devices came back from it when it
        was tried. PresselError when it cannot be made or does not hold; nothing new is kept then.
        """
        file = self._folder / time.strftime(_NAME, time.localtime(now_s))
        try:
            make_private(self._folder)
        except OSError as error:
            raise PresselError(f"cannot make {self._folder}: {error.strerror}") from error
        backup.back_up(state, file)
        try:
            count = backup.try_out(state, file)
        except PresselError:
            file.unlink(missing_ok=True)
            raise
        for old in self.files()[: -self._keep]:
            with contextlib.suppress(OSError):  # it takes room, and does no harm
                old.unlink()
        return file, count
