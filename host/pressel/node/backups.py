"""How commands back up and restore the registry of a host, whether it runs or not; as `door` for
devices. A backup belongs to one host: its keys open only with that host's key file.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.registry import backup
from pressel.registry.database import DATABASE
from pressel.registry.store import Registry
from pressel.whole_file import new_file

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
    if not _is_anothers(path):
        return _asked(path, file.absolute(), is_former)
    if file.exists():
        raise UsageError(f"{file} exists and is left as it is; choose another name")
    with _handed(path) as handed:
        folder = _asked(path, handed, is_former)
        _copy(handed, file)
    return folder


def _asked(path: Path, file: Path, is_former: bool) -> Path:
    return Path(control.ask(path, "registry backup", file=str(file), former=is_former))


def _is_anothers(path: Path) -> bool:
    """Whether the host is another user's, as a service is root's: it cannot write where we can."""
    return path.parent.stat().st_uid != os.geteuid()


@contextlib.contextmanager
def _handed(path: Path) -> Iterator[Path]:
    """A file beside the socket, where both can write, for as long as it is handed over."""
    file = path.with_name(f"handed-{secrets.token_hex(8)}")
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def _copy(source: Path, target: Path, owner: os.stat_result | None = None) -> None:
    """To a new file of mode 0600."""
    try:
        content = source.read_bytes()
        with new_file(target) as out:
            if owner is not None:
                os.fchown(out.fileno(), owner.st_uid, owner.st_gid)
            out.write(content)
    except OSError as error:
        raise UsageError(f"cannot copy {source} to {target}: {error.strerror}") from error


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


def restore(state: Path | None, file: Path, *, is_unproved: bool = False) -> Path | None:
    """Put the backup `file` in the registry's place; `is_unproved`: one of an earlier version,
    too. Where a damaged registry was put, None when it was whole."""
    path = running(state)
    if path is None:
        folder, who = state or default_state(), of_user(os.getuid()).name
        backup.try_out(folder, file, is_unproved=is_unproved)  # before anything is moved
        aside = backup.set_aside(folder)
        backup.restore(folder, file, who, is_unproved=is_unproved)
        return aside
    with _handed(path) as handed:
        name = file.absolute()
        if _is_anothers(path):
            _copy(file, handed, path.parent.stat())
            name = handed
        control.ask(path, "registry restore", file=str(name), unproved=is_unproved)
    return None
