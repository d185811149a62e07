"""The slot that does not run, as `update_receiver` works on it. Loaded only for an update."""

import os

from ptt.badge.update_receiver import MANIFEST
from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_FOLDER = 0x4000  # of a mode


class SlotFiles:
    """Files of folder `slot`, by their paths in it. One is open at a time, and the manifest."""

    def __init__(self, slot: str) -> None:
        self._slot = slot
        self._file: Any = None
        self._lines: Any = None
        if not _is_folder(slot):
            os.mkdir(slot)

    def size(self, path: str) -> int:
        """Bytes of a file; -1 when there is none."""
        try:
            return os.stat(self._slot + "/" + path)[6]
        except OSError:
            return -1

    def open(self, path: str) -> None:
        self._file = open(self._slot + "/" + path, "rb")

    def read(self, count: int) -> bytes:
        return self._file.read(count)

    def create(self, path: str, keep: bool) -> None:
        """A new file, or with `keep` more at the end of the old one."""
        self._file = open(self._slot + "/" + path, "ab" if keep else "wb")

    def write(self, data: "Any") -> None:
        self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def keep(self, path: str, place: str) -> None:
        """Move a file to its place, replacing what lies there."""
        at = place.find("/")
        while at > 0:
            if not _is_folder(self._slot + "/" + place[:at]):
                os.mkdir(self._slot + "/" + place[:at])
            at = place.find("/", at + 1)
        if place == MANIFEST and self._lines is not None:
            self._lines.close()
        os.rename(self._slot + "/" + path, self._slot + "/" + place)

    def remove(self, path: str) -> None:
        """Remove a file, and then its folders as far as they are empty."""
        path = self._slot + "/" + path
        if _is_folder(path):
            os.rmdir(path)
        else:
            os.remove(path)
        folder = path.rpartition("/")[0]
        while folder != self._slot and not os.listdir(folder):
            os.rmdir(folder)
            folder = folder.rpartition("/")[0]

    def room(self) -> int:
        """Bytes of flash that are free."""
        facts = os.statvfs(self._slot)
        return facts[0] * facts[3]

    def open_lines(self) -> None:
        if self._lines is not None:
            self._lines.close()
        self._lines = open(self._slot + "/" + MANIFEST, "rb")

    def line(self) -> bytes:
        return self._lines.readline()

    def let_go(self) -> None:
        """Close whatever is open."""
        self.close()
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def paths(self) -> "Any":
        """All files, and the folders that are empty, one after the other."""
        folders = [""]
        while folders:
            folder = folders.pop()
            names = os.listdir(self._slot + "/" + folder if folder else self._slot)
            if not names and folder:
                yield folder
            for name in names:
                path = folder + "/" + name if folder else name
                if _is_folder(self._slot + "/" + path):
                    folders.append(path)
                else:
                    yield path


def _is_folder(path: str) -> bool:
    try:
        return os.stat(path)[0] & _FOLDER != 0
    except OSError:
        return False
