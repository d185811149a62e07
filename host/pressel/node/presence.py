"""Which host runs on a state folder: at most one, and where its control socket is.

The file `running` in the folder is locked for as long as the host runs, so that a killed one leaves
nothing behind that looks alive.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from pressel.errors import UsageError
from pressel.private_folder import make_private

_FILE = "running"
_PATH_BYTES_MAX = 4096


class Presence:
    """This host's hold on its folder."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def say(self, control: Path) -> None:
        """Commands that know the folder find the host by this socket."""
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, os.fsencode(control.absolute()), 0)


@contextlib.contextmanager
def present(state: Path) -> Iterator[Presence]:
    """Hold the folder `state`. UsageError when another host does."""
    handle = -1
    try:
        make_private(state)
        handle = os.open(state / _FILE, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise UsageError(
            f"another host runs with the folder {state}; give this one its own with --state"
        ) from None
    except OSError as error:
        if handle >= 0:
            os.close(handle)
        raise UsageError(f"cannot keep the host's state in {state}: {error.strerror}") from error
    try:
        yield Presence(handle)
    finally:
        os.ftruncate(handle, 0)
        os.close(handle)


def control_of(state: Path) -> Path | None:
    """The control socket of the host that runs on `state`; None when none does."""
    try:
        handle = os.open(state / _FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        path = os.read(handle, _PATH_BYTES_MAX)
        return Path(os.fsdecode(path)) if path else None  # it starts, or ends, just now
    finally:
        os.close(handle)
    return None
