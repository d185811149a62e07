"""This computer, changed step by step; or a folder that shows what would be changed; or only words.

Each change is told when it is done. One that has been made already is not made again.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pressel.errors import PresselError

from .places import USER, Places

_ROOTS_PROGRAMS = ("/usr/sbin", "/sbin")  # which `su` on Debian leaves out of the PATH
_LIMIT_S = 180.0  # a service starts in seconds; a box that boots is slow


class System:
    """`places.root` other than "/": files go there, and commands are only told. `is_dry`: all is
    only told."""

    def __init__(self, places: Places, is_dry: bool, say: Callable[[str], None]) -> None:
        self.places = places
        self.is_dry = is_dry
        self.is_real = not is_dry and places.root == Path("/")
        self._say = say

    @property
    def has_systemd(self) -> bool:
        """Whether it runs now, and not only will after the next boot."""
        return Path("/run/systemd/system").is_dir()

    def has_user(self) -> bool:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            return False
        return True

    def say(self, words: str) -> None:
        self._say(words)

    def folder(self, path: Path, mode: int) -> None:
        """A folder of the service's user."""
        self._told(f"folder {path}, which only {USER} can open")
        if self.is_dry:
            return
        with _worded(path):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(mode)
        if self.is_real:
            self._give(path)

    def write(self, path: Path, text: str, *, keep: bool = False) -> None:
        """A file of root that all may read; with `keep` what is there stays."""
        if keep and path.exists():
            self._say(f"kept: {path}")
            return
        self._told(f"file {path}")
        if self.is_dry:
            return
        with _worded(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_text(text, "utf-8")
            fresh.chmod(0o644)
            fresh.replace(path)

    def remove(self, path: Path) -> None:
        if not (path.exists() or path.is_symlink()):
            return
        self._told(f"removal of {path}")
        if self.is_dry:
            return
        with _worded(path):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def run(self, *words: str) -> None:
        """A command that changes the system. PresselError with its words when it fails."""
        self._told(f"command {shlex.join(words)}")
        if self.is_real:
            run(words)

    def do(self, words: Sequence[str]) -> None:
        """A command that changes what is installed, wherever that is. PresselError as of `run`."""
        self._say(f"command {shlex.join(words)}")
        run(words)

    def run_as_service(self, words: Sequence[str]) -> str:
        """What `pressel WORDS` prints as the service's user; below another root, as this user."""
        self._told(f"as {USER}: {shlex.join(words)}")
        if self.is_dry:
            return ""
        if not self.is_real:
            return run(words)
        return run(("runuser", "-u", USER, "--", *words))

    def give(self, folder: Path) -> None:
        """All that lies in `folder` to the service's user."""
        self.run("chown", "-hR", f"{USER}:{USER}", str(folder))

    def _told(self, what: str) -> None:
        if self.is_dry:
            self._say(f"would do: {what}")
        elif self.is_real or not what.startswith("command "):
            self._say(what)
        else:
            self._say(f"left out below {self.places.root}: {what}")

    def _give(self, path: Path) -> None:
        user = pwd.getpwnam(USER)
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


@contextlib.contextmanager
def _worded(path: Path) -> Iterator[None]:
    """What the disk refuses, in words."""
    try:
        yield
    except OSError as error:
        raise PresselError(f"cannot write {path}: {error.strerror}") from error


def run(words: Sequence[str]) -> str:
    """What a program prints. PresselError with its last words when it fails."""
    away = {name: value for name, value in os.environ.items() if not name.startswith("PRESSEL_")}
    away["PATH"] = os.pathsep.join([away.get("PATH") or os.defpath, *_ROOTS_PROGRAMS])
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S,
            env=away, cwd="/",
        )  # fmt: skip
    except FileNotFoundError:
        raise PresselError(f"there is no program {words[0]} here; install it") from None
    except subprocess.TimeoutExpired:
        raise PresselError(f"`{shlex.join(words)}` did not end; look why") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise PresselError(
            f"`{shlex.join(words)}` failed: {said[-1] if said else 'without a word'}"
        )
    return done.stdout
