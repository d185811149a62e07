"""Copies of this host's registry, and the way back: files on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pressel.errors import PresselError
from pressel.registry import backup

from .verb import HERE, WHO, Fields, Verb


class Backups:
    """`state`: the host's folder; `is_leading`: whether this host's registry is the venue's."""

    def __init__(self, state: Path, is_leading: Callable[[], bool]) -> None:
        self._state = state
        self._is_leading = is_leading

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("registry folder", lambda _: str(self._state.absolute())),
            Verb("registry backup", self.back_up, True, HERE, in_thread=True, shown=("file",)),
            Verb(
                "registry restore", self.restore, True, HERE, True, ("file",), venue=True, logs=True
            ),
        )

    def back_up(self, fields: Fields) -> str:
        """The folder that `file` is a copy of the registry of."""
        backup.back_up(self._state, Path(fields["file"]), is_former=bool(fields.get("former")))
        return str(self._state.absolute())

    def restore(self, fields: Fields) -> None:
        """Only at the host that leads: of another one the registry is a copy, made anew."""
        if not self._is_leading():
            raise PresselError(
                "this host stands by, and its registry follows the leader's; restore the backup "
                "on the host that leads, or stop the other hosts first"
            )
        is_unproved = bool(fields.get("unproved"))
        file, who = Path(fields["file"]), fields.get(WHO, "")
        backup.restore(self._state, file, who, is_unproved=is_unproved)
