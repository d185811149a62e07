"""One request that a host answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HERE = "here"  # it is about this host
LEADER = "leader"  # only the host that leads can answer
COPY = "copy"  # the leader answers best; each host has a copy, too

WHO = "who"
FOR = "for"
WHERE = "where"

Fields = dict[str, Any]


@dataclass(frozen=True)
class Verb:
    """`answer` takes the fields of a request and returns JSON values, or an awaitable of them; with
    `in_thread` it is called outside the event loop and may wait for the disk. `shown`: the fields
    that the log tells of a write, beside who asked. `copied`: standbys copy what it writes, see
    `update_copy`; what others write is in the journal. `venue`: what it writes is the venue's,
    although it is about this host. `logs`: it tells the registry's log itself what it does, and
    gets who asks as a further field, WHO; of other writes the desk tells it.
    `says_where`: it gets the host at which somebody asks as a further field, WHERE; "": here.
    `hosts_only`: the chores of other hosts may ask it, and no user.
    `is_passing`: what it does leaves nothing behind, and is not in that log."""

    name: str
    answer: Callable[[Fields], Any]
    writes: bool = False
    place: str = HERE
    in_thread: bool = False
    shown: tuple[str, ...] = ()
    copied: bool = False
    venue: bool = False
    logs: bool = False
    is_passing: bool = False
    hosts_only: bool = False
    says_where: bool = False
