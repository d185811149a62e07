"""How commands back up and restore the registry of a host, whether it runs or not; as `door` for
devices. A backup belongs to one host: its keys open only with that host's key file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pressel.registry import backup
from pressel.registry.database import DATABASE
from pressel.registry.store import Registry

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


def undo(state: Path | None, host: str, since_s: int, *, is_dry: bool) -> list[dict[str, Any]]:
    """Undo what the removed `host` has written since then; of each subject what it becomes."""
    path = running(state)
    if path is not None:
        return control.ask(path, "registry undo", host=host, since_s=since_s, dry=is_dry)
    folder = state or default_state()
    if not (folder / DATABASE).exists():
        raise no_registry(folder)
    with Registry(folder) as registry:
        registry.log.who = of_user(os.getuid()).name
        return [each.as_json() for each in registry.undo(host, since_s, is_dry=is_dry)]


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
