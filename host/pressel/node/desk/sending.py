"""Recordings that badges hear again: who may have one sent, to whom, and what the log tells.

A badge gets only what was said in a group that it is in: what it would have heard. Private calls
are never recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.recordings import frames
from pressel.recordings.shelf import Recorded
from ptt.base.numbers import MEMBER_GROUPS_MAX
from ptt.leader.leader import Leader
from ptt.leader.members import Member

from ..resend.resend import Resend, Sent
from .recordings import Recordings
from .venue import leading
from .verb import LEADER, Fields, Verb

SEND = "recordings send"
NAMES_MAX = 8  # of badges that are chosen; the log names them, and more are the whole group


class Sending:
    """`leader` gives the engine that leads here, or None."""

    def __init__(
        self, recordings: Recordings, resend: Resend, leader: Callable[[], Leader | None]
    ) -> None:
        self._recordings = recordings
        self._resend = resend
        self._leader = leader
        self._turn = asyncio.Lock()  # else the log tells of one that found another on its way

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb(SEND, self.send_fresh, True, LEADER, shown=("id", "to"), logs=True),
            Verb("recordings resend", self.send, True, LEADER, shown=("id", "to"), logs=True),
            Verb("recordings sent", self.sent, place=LEADER),
            Verb("recordings stop", self.stop, True, LEADER, is_passing=True),
        )

    async def send_fresh(self, fields: Fields) -> dict[str, Any]:
        """`send` of a burst of the last minutes, which who may talk may hear, too."""
        await self._recordings.fresh(fields["id"])
        return await self.send(fields)

    async def send(self, fields: Fields) -> dict[str, Any]:
        """Recording `id` to the badges `to`, by name or device; none named: all that are there
        and in its group, but for who said it. A `Sent`."""
        found, pieces = await self._recordings.whole(fields["id"])
        frames.must_be_known(pieces)
        async with self._turn:
            leader = leading(self._leader)
            self._resend.may_begin(leader)
            members = _chosen(leader, found, fields.get("to") or [])
            whom = ", ".join(each.device.hex() for each in members)
            if not fields.get("to"):
                whom = f"all of group {found.group} that were there"
            await self._recordings.write(fields, SEND, found, f"; to {whom}")
            sent = Sent(str(found.mark), found.talker, [each.name.decode() for each in members],
                        self._recordings.now_ms())  # fmt: skip
            to = [each.device for each in members]
            self._resend.begin(leading(self._leader), sent, frames.decoded(pieces), to, found.group)
            return sent.as_json()

    def sent(self, fields: Fields) -> dict[str, Any] | None:
        """The `Sent` that was sent last, or is on its way; None: there is none."""
        last = self._resend.last
        return None if last is None else last.as_json()

    async def stop(self, fields: Fields) -> None:
        """End what is on its way."""
        await self._resend.stop()


def _chosen(leader: Leader, found: Recorded, to: object) -> list[Member]:
    """UsageError for whom the burst was not, and for whom nobody knows."""
    members = leader.members.all()
    if not isinstance(to, list):
        raise UsageError("name badges in a list")
    if len(to) > NAMES_MAX:
        raise UsageError(f"name at most {NAMES_MAX} badges, or none for all of the group")
    if not to:
        there = [each for each in members if each.device.hex() != found.device]
        chosen = [each for each in there if _has_room(each, found.group)]
        if not chosen:
            raise PresselError(f"nobody else is there in group {found.group}")
        return chosen
    chosen = []
    for word in map(str, to):
        named = [each for each in members if word in (each.name.decode(), each.device.hex())]
        if not named:
            raise UsageError(f"no badge called {word[:40]!r} is there; `pressel status` lists them")
        if len(named) > 1:
            devices = " or ".join(each.device.hex() for each in named)
            raise UsageError(f"{len(named)} badges are called {word}: name the device, {devices}")
        if found.group not in named[0].groups:
            raise UsageError(f"{word} is not in group {found.group}, in which that was said")
        if len(named[0].groups) >= MEMBER_GROUPS_MAX:
            raise UsageError(f"{word} is in {MEMBER_GROUPS_MAX} groups; a recording needs one more")
        if named[0] not in chosen:
            chosen.append(named[0])
    return chosen


def _has_room(member: Member, group: int) -> bool:
    return group in member.groups and len(member.groups) < MEMBER_GROUPS_MAX
