"""The version of Pressel that is installed now, kept as a file, so that an upgrade has a way back
without the network."""

from __future__ import annotations

import contextlib
import os
import sys
import tarfile
from importlib import metadata
from pathlib import Path

from pressel.errors import PresselError

NAME = "pressel"


class Former:
    """`archive`: the file that it is kept in; `prefix`: the environment that it belongs to, whose
    packages lie in `packages` (None: where this one's do)."""

    def __init__(
        self, archive: Path, prefix: Path = Path(sys.prefix), packages: Path | None = None
    ) -> None:
        self.archive = archive
        self._prefix = prefix
        self._packages = packages

    def keep(self) -> None:
        """Write what is installed into the archive. PresselError when that cannot be."""
        files = self._files()
        if not files:
            raise PresselError(f"no Pressel is installed in {self._prefix}")
        try:
            self.archive.parent.mkdir(parents=True, exist_ok=True)
            with tarfile.open(self.archive, "w") as tar:
                for file in files:
                    tar.add(file, file.relative_to(self._prefix))
        except (OSError, ValueError) as error:
            raise PresselError(f"cannot keep the version that is installed: {error}") from error

    def put_back(self) -> None:
        """In the place of what is installed by now, be it whole or not."""
        try:
            with tarfile.open(self.archive, "r:") as tar:
                members = tar.getmembers()  # all can be read: only now something is deleted
                for file in self._files():
                    file.unlink(missing_ok=True)
                tar.extractall(self._prefix, members, filter="tar")
        except (OSError, tarfile.TarError, ValueError, OverflowError) as error:
            raise PresselError(
                f"cannot put the former version back ({error}); unpack {self.archive} in "
                f"{self._prefix} by hand"
            ) from error

    def drop(self) -> None:
        with contextlib.suppress(OSError):  # a few megabytes in a folder of caches
            self.archive.unlink()

    def _files(self) -> list[Path]:
        """None when nothing is installed."""
        where = sys.path if self._packages is None else [str(self._packages)]
        found = {
            Path(os.path.normpath(str(each.locate_file(file))))
            for each in metadata.Distribution.discover(name=NAME, path=where)
            for file in each.files or ()
        }
        ours = (file for file in found if file.is_relative_to(self._prefix))
        return sorted(file for file in ours if file.is_file())
