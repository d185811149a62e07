"""How commands back up and restore the registry of a host, whether it runs or not; as `door` for
devices. A backup belongs to one host: its keys open only with that host's key file.
"""

from __future__ import annotations

from pathlib import Path

from pressel.registry import backup
from pressel.registry.database import DATABASE

from . import control
from .door import no_registry, running
from .options import default_state


def back_up(state: Path | None, file: Path) -> Path:
    """Copy the registry to the new `file`; the folder that it is the registry of."""
    path = running(state)
    if path is None:
        folder = state or default_state()
        if not (folder / DATABASE).exists():
            raise no_registry(folder)
        backup.back_up(folder, file)
        return folder
    return Path(control.ask(path, "registry backup", file=str(file.absolute())))


def restore(state: Path | None, file: Path) -> None:
    """Put the backup `file` in the registry's place."""
    path = running(state)
    if path is None:
        backup.restore(state or default_state(), file)
    else:
        control.ask(path, "registry restore", file=str(file.absolute()))
