"""Who asks something of a host: a user of a machine, until there are accounts."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from dataclasses import dataclass, replace
from typing import Any

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: `struct ucred` of Linux
_NAME_CHARACTERS_MAX = 64  # of what another host calls its user


@dataclass(frozen=True)
class Asker:
    """`name` of the user, `uid` there (-1: not known), and `host` where that is; "": here."""

    name: str
    uid: int = -1
    host: str = ""

    def __str__(self) -> str:
        return f"{self.name} at {self.host}" if self.host else self.name

    @property
    def is_host(self) -> bool:
        """Whether another host asks for itself: a user has a number."""
        return self.uid == -1 and self.host != ""

    def at(self, host: str) -> Asker:
        """The same, seen from another host, which calls ours `host`."""
        return replace(self, host=self.host or host)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "uid": self.uid}


def from_json(told: Any, host: str) -> Asker:
    """Who asks at `host`, as that host says. ValueError when it names nobody."""
    try:
        name, uid = str(told["name"]), int(told["uid"])
    except (KeyError, TypeError) as error:
        raise ValueError("it does not say who is asking") from error
    printable = "".join(each for each in name if each.isprintable())
    return Asker(printable[:_NAME_CHARACTERS_MAX], uid, host)


def on_behalf(person: str, who: Asker) -> Asker:
    """`person` of the console, which `who` has started: both may do the same."""
    printable = "".join(each for each in person if each.isprintable())
    return replace(
        who, name=f"{printable[: _NAME_CHARACTERS_MAX // 2]} by the console of {who.name}"
    )


def of_user(uid: int) -> Asker:
    """The user `uid` of this machine; looks into its list of users."""
    try:
        return Asker(pwd.getpwuid(uid).pw_name, uid)
    except KeyError:
        return Asker(f"user {uid}", uid)


def uid_behind(connection: socket.socket) -> int:
    """Whose process is at the other end of a Unix socket, by the kernel's word. Where the system
    does not say it: our own, since nobody else may open the socket."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.getuid()
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(told)[1]
