"""What people call the places where access points hang: a zone each, by the end of its address.
They lie in the host's folder, for its console alone."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.printable import is_printable
from pressel.whole_file import write_whole

FILE = "zones.json"
ZONES_MAX = 64  # access points of a venue
NAME_CHARACTERS_MAX = 30  # a heading on a phone
_LABEL_CHARACTERS = 5  # ab:cd


class Zones:
    """Of the host whose folder is `state`. A file that is damaged names nothing."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE
        self._names = _load(self._file)
        self._turn = threading.Lock()  # each request has a thread of its own

    def name(self, label: str) -> str:
        """Empty for an access point that nobody has named."""
        return self._names.get(label, "")

    def put(self, label: str, name: str) -> None:
        """Name the place of an access point, or with an empty `name` no more. UsageError for what
        is no name, or finds no room on the disk."""
        name = name.strip()
        if len(label) != _LABEL_CHARACTERS or label[2] != ":" or not label.isascii():
            raise UsageError("there is no such access point")
        if len(name) > NAME_CHARACTERS_MAX or (name and not is_printable(name)):
            raise UsageError(f"a zone is one line of {NAME_CHARACTERS_MAX} characters at most")
        with self._turn:
            names = {**self._names, label: name}
            if not name:
                del names[label]
            if len(names) > ZONES_MAX:
                raise UsageError(f"at most {ZONES_MAX} zones have names; take one away first")
            try:
                write_whole(self._file, json.dumps(names))
            except OSError as error:
                raise UsageError(
                    f"cannot keep the name in {self._file}: {error.strerror}"
                ) from error
            self._names = names


def _load(file: Path) -> dict[str, str]:
    try:
        told = read_json(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    good = {
        label: name
        for label, name in told.items()
        if isinstance(name, str) and len(name) <= NAME_CHARACTERS_MAX and is_printable(name)
    }
    return dict(list(good.items())[:ZONES_MAX])
