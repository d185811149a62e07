"""Disks of hosts that can be made full or slow: small file systems in memory, where this user may
mount them, and a library that delays what is flushed, where there is a C compiler."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from tests.chaos.preloaded import library

_SIZE_MIB = 16  # a registry takes one
_SLOW = ".slow"
_FILLER = ".filler"


class Disks:
    """`folders` become disks. `can_fill`, `can_slow`: which faults there are."""

    def __init__(self, folders: list[Path], work: Path) -> None:
        self._mounted: list[Path] = []
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        self.can_fill = os.geteuid() == 0 and all(map(self._mount, folders))
        self.library = library("slow", work)
        self.can_slow = self.library is not None

    def _mount(self, folder: Path) -> bool:
        size = f"size={_SIZE_MIB}m,mode=0700"
        words = ["mount", "-t", "tmpfs", "-o", size, "pressel-chaos", str(folder)]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            return False
        self._mounted.append(folder)
        return True

    def close(self) -> None:
        for folder in self._mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)

    def fill(self, folder: Path) -> None:
        with contextlib.suppress(OSError), (folder / _FILLER).open("wb") as out:
            while True:
                out.write(bytes(1 << 16))
                out.flush()

    def slow_down(self, folder: Path) -> None:
        (folder / _SLOW).touch()

    def mend(self, folder: Path) -> None:
        for name in (_FILLER, _SLOW):
            (folder / name).unlink(missing_ok=True)
