"""Where control sockets lie unless a path is given: in a folder that nobody else can take or open.

That is the user's runtime folder or, where no session manager made one, a folder in the user's
home; never one for temporary files, where anybody may take the place first. A host that was started
at boot and a command in a session may know different ones, so commands look into each. The host
that `pressel setup` made a service has its own, which root may open.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs

RUN = Path("/run/user")  # where session managers make them, by user
SERVICE = Path("/run/pressel")  # of the service; systemd makes it


def control_folder() -> Path:
    """Where a host that starts now has its socket."""
    given = os.environ.get("RUNTIME_DIRECTORY")  # by systemd
    return Path(given) if given else control_folders()[0]


def control_folders() -> list[Path]:
    """Where hosts of this user may have theirs, the likeliest first."""
    given = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    runtime = [each for each in (given, RUN / str(os.geteuid())) if _is_own(each)]
    found = [each / "pressel" for each in runtime]
    found.append(platformdirs.user_state_path("pressel") / "run")
    if SERVICE.is_dir() and os.access(SERVICE, os.R_OK | os.X_OK):
        found.append(SERVICE)
    return list(dict.fromkeys(found))


def _is_own(folder: Path) -> bool:
    """Whether it is there, ours, and closed to everybody else."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    is_closed = stat.S_ISDIR(facts.st_mode) and not facts.st_mode & 0o077
    return folder.is_absolute() and is_closed and facts.st_uid == os.geteuid()


def is_shut() -> bool:
    """Whether a service is there that this user may not ask."""
    return SERVICE.is_dir() and not os.access(SERVICE, os.R_OK | os.X_OK)
