"""How commands back up and restore the registry of a host, whether it runs or not; as `door` for
devices. A backup belongs to one host: its keys open only with that host's key file.
"""

from __future__ import annotations

import os
from pathlib import Path

from pressel.registry import backup
from pressel.registry.database import DATABASE

from . import control
from .desk.asker import of_user
from .door import no_registry, running
from .options import default_state


def back_up(state: Path | None, file: Path, *, is_former: bool = False) -> Path:
    """Copy the registry to the new `file`; the folder that it is the registry of. `is_former`: for
    the former version of Pressel."""
    path = running(state)
    if path is None:
        folder = state or default_state()
        if not (folder / DATABASE).exists():
            raise no_registry(folder)
        backup.back_up(folder, file, is_former=is_former)
        return folder
    return Path(control.ask(path, "registry backup", file=str(file.absolute()), former=is_former))


def restore(state: Path | None, file: Path, *, is_unproved: bool = False) -> None:
    """Put the backup `file` in the registry's place; `is_unproved`: one of an earlier version,
    too."""
    path = running(state)
    if path is None:
        who = of_user(os.getuid()).name
        backup.restore(state or default_state(), file, who, is_unproved=is_unproved)
    else:
        name = str(file.absolute())
        control.ask(path, "registry restore", file=name, unproved=is_unproved)
