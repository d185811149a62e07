"""How commands reach the registry of a venue, whether a host runs or not.

If one runs on the folder, they ask its desk, which has the leader do the leader's part. If none
does, they work on the file directly. Reading makes no folder and no file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pressel.errors import PresselError, UsageError
from pressel.registry import code as codes
from pressel.registry.about_boards import BOARD
from pressel.registry.about_loans import GIVE_BACK, LEND
from pressel.registry.database import DATABASE
from pressel.registry.device import Device, Entitlements, Host
from pressel.registry.lending import Loan
from pressel.registry.roll import Groups, Roll
from pressel.registry.store import Registry

from . import control
from .desk.asker import of_user
from .desk.desk import OWN_COPY
from .desk.devices import device_of_json
from .options import default_state
from .presence import control_of

if TYPE_CHECKING:
    from .control import Where

Notice = Callable[[str], None]

_SEVERAL = "several hosts run here; choose one with --state FOLDER"


class DeskRoll:
    """The `Roll` of the venue of the host behind the control socket `path`. `notice` is told once
    when a copy answers."""

    def __init__(self, path: Where, notice: Notice) -> None:
        self._path = path
        self._notice = notice

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def devices(self, state: str | None = None) -> list[Device]:
        return [device_of_json(each) for each in self._ask("device list", state=state)]

    def device(self, device_id: str) -> Device:
        return device_of_json(self._ask("device show", id=device_id))

    def key(self, device_id: str) -> bytes | None:
        told = self._ask("device key", id=device_id)
        return None if told is None else bytes.fromhex(told)

    def enrol(self, device_id: str, name: str, groups: Groups, entitlements: Entitlements) -> bytes:
        rights = {"emergency": entitlements.emergency, "priority": entitlements.priority}
        return bytes.fromhex(
            self._ask("device add", id=device_id, name=name, groups=list(groups), **rights)
        )

    def adopt(
        self,
        device_id: str,
        name: str,
        key: bytes,
        groups: Groups = (1,),
        former: tuple[str, ...] = (),
    ) -> None:
        given = {"name": name, "key": key.hex(), "groups": list(groups), "former": list(former)}
        self._ask("device adopt", id=device_id, **given)

    def replace(self, old_id: str, new_id: str) -> bytes:
        return bytes.fromhex(self._ask("device replace", old=old_id, id=new_id))

    def rotate(self, device_id: str, key: bytes | None = None) -> bytes:
        given = {} if key is None else {"key": key.hex()}
        return bytes.fromhex(self._ask("device rotate", id=device_id, **given))

    def rename(self, device_id: str, name: str) -> None:
        self._ask("device rename", id=device_id, name=name)

    def set_groups(self, device_id: str, groups: Groups) -> None:
        self._ask("device group", id=device_id, groups=list(groups))

    def revoke(self, device_id: str) -> None:
        self._ask("device revoke", id=device_id)

    def erase(self, device_id: str) -> None:
        self._ask("device erase", id=device_id)

    def lend(self, device_id: str, person: str, note: str = "") -> None:
        self._ask(LEND, id=device_id, person=person, note=note)

    def give_back(self, device_id: str) -> None:
        self._ask(GIVE_BACK, id=device_id)

    def loans(self) -> list[Loan]:
        return [Loan(**each) for each in self._ask("device loans")]

    def boards(self) -> dict[str, str]:
        return dict(self._ask("device boards"))

    def set_board(self, device_id: str, board: str) -> None:
        self._ask(BOARD, id=device_id, board=board)

    def waiting(self, word: str) -> str:
        return self._ask("device waiting", word=word)

    def approve(self, device_id: str, groups: Groups = (1,)) -> None:
        self._ask("device approve", id=device_id, groups=list(groups))

    def deny(self, device_id: str) -> None:
        self._ask("device deny", id=device_id)

    def invite(self, groups: Groups = (1,), life_s: int = codes.LIFE_S) -> str:
        return self._ask("device invite", groups=list(groups), life_s=life_s)

    def own_key(self) -> str:
        return self._ask("host key")

    def hosts(self) -> list[Host]:
        return [Host(**each) for each in self._ask("host list")]

    def allow_host(self, name: str, public_key: str) -> None:
        self._ask("host allow", name=name, key=public_key)

    def remove_host(self, name: str) -> None:
        self._ask("host remove", name=name)

    def _ask(self, verb: str, **fields: Any) -> Any:
        reply = control.request(self._path, verb, **fields)
        if reply.by == OWN_COPY:
            self._notice("no leader can be reached; this is this host's own copy")
            self._notice = _silent
        return reply.answer


def open_roll(
    state: Path | None,
    *,
    writes: bool = True,
    makes: bool = False,
    notice: Notice | None = None,
) -> AbstractContextManager[Roll]:
    """The devices and hosts of the venue whose host has the folder `state`; None: the one that runs
    here, else that of this user. `notice` is told what is odd, in a sentence.

    Where there is no registry, only who `makes` gets a new one; who else `writes` a UsageError."""
    path = reached(state)
    say = notice or _silent
    if path is not None:
        # A write that no leader takes is refused in a sentence: none about what was read before it.
        return DeskRoll(path, _silent if writes else say)
    folder = state or default_state()
    is_there = (folder / DATABASE).exists()
    if not is_there and not makes:
        if writes:
            raise no_registry(folder)
        say(f"there is no registry in {folder} yet")
        return _empty()
    if not is_there:
        say(f"{folder} gets a new registry: no host runs on it yet")
    else:
        say(f"no host runs here; this is the registry in {folder}")
    registry = Registry(folder)
    registry.log.who = of_user(os.getuid()).name
    return registry


def no_registry(folder: Path) -> UsageError:
    return UsageError(
        f"there is no registry in {folder}; name the host's folder with --state, or run this where "
        "the host is"
    )


def reached(state: Path | None) -> Where | None:
    """As `running`; without a folder, a host and a registry here, that of the last login on another
    computer."""
    own = running(state)
    if own is None and state is None and not (default_state() / DATABASE).exists():
        far = control.elsewhere()
        if far is not None:
            control.tell_whom(far)
        return far
    return own


def folder_here(state: Path | None) -> Path:
    """Where the files of this machine's host lie: of the one of this user's that runs, else this
    user's or the service's. UsageError when several run, or one that does not say."""
    own = state or default_state()
    if state is not None or control_of(own) is not None:
        return own
    alive = control.all_alive()
    if len(alive) > 1:
        raise UsageError(_SEVERAL)
    return folder_at(alive[0], own) if alive else own


def folder_at(path: Where, own: Path) -> Path:
    """Where the files of the host at `path` lie; `own` if it is on another computer."""
    if not isinstance(path, Path):
        return own
    try:
        return Path(control.ask(path, "registry folder"))
    except PresselError as error:  # of an older version
        words = f"the host that runs may have another folder than {own}: give --state"
        raise UsageError(words) from error


def running(state: Path | None) -> Path | None:
    """The control socket of the host that has the folder `state`, None when none runs. Without a
    folder the only one of this user's that runs; UsageError when there are several."""
    own = control_of(state or default_state())
    if own is None and state is None:
        alive = control.all_alive()
        if len(alive) > 1:
            raise UsageError(_SEVERAL)
        own = alive[0] if alive else None
        if own is None:
            control.check_service()
    if own is not None:
        control.tell_whom(own)
    return own


def is_there(state: Path | None) -> bool:
    """Whether there is anything to read."""
    return reached(state) is not None or ((state or default_state()) / DATABASE).exists()


class _Empty(Registry):
    """What is read where there is nothing: an empty registry that leaves nothing behind."""

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.file.parent, ignore_errors=True)


def _empty() -> Registry:
    folder = tempfile.mkdtemp(prefix="pressel-")
    with contextlib.ExitStack() as failing:
        failing.callback(shutil.rmtree, folder, ignore_errors=True)
        empty = _Empty(Path(folder))
        failing.pop_all()
        return empty


def _silent(words: str) -> None:
    pass
