"""Whether a change is safe: what a leader has written is called done when the other hosts that are
there know it. If it dies the moment after, the next leader goes on from there.

The journal brings it to them; floors do not wait for that, but an operator's word does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from pressel.errors import UnreachableError
from pressel.json_text import read_json
from pressel.transport.udp import engine_now_ms
from ptt.base.numbers import HOST_LOST_MS
from ptt.host import Host
from ptt.leader.leader import Leader

from .desk.desk import Ask

HEARD_MS = 5 * HOST_LOST_MS  # a host that was heard this lately is there
CONFIRM_S = 2.0  # an answer takes a millisecond, and a lost one 0.2 s; a host that hangs, for ever
COPIED_S = 10.0  # 0.1 s for a release of 200 kB; a standby goes on copying behind that

MOVED = "another host has taken over meanwhile; check whether it was done, and try again"
TOO_FEW = (
    "it was done here, but too few other hosts have confirmed it; see `pressel host status`, and "
    "check later whether it holds"
)
_LOOK = json.dumps({"ask": "update look", "who": {"name": "leader", "uid": -1}}).encode()


class Standbys:
    """Of `host`. `silent_ms` says how long ago another host was heard, None: never; `ask` asks one;
    `settle` sends what the engine has to say. `look` is to be called after each step of the
    engine."""

    def __init__(
        self,
        host: Host,
        silent_ms: Callable[[bytes, int], int | None],
        ask: Ask,
        settle: Callable[[], None],
    ) -> None:
        self._host = host
        self._settle = settle
        self._ask = ask
        self._silent_ms = silent_ms
        self._moved = asyncio.Event()
        self._waiting = 0

    def look(self) -> None:
        """Something may have been acknowledged."""
        if self._waiting:
            self._moved.set()
            self._moved = asyncio.Event()

    async def confirm(self, leader: Leader | None, disks: int) -> None:
        """Wait until the others know all that `leader`, which led here when the change began, has
        told by now; the log is on so many `disks` already. UnreachableError when another host has
        taken over, or too few have answered."""
        position = leader.journal.position if leader is not None else 0
        await self._until(leader, lambda: self._have_all(leader, position))
        if not self._is_led_by(leader):
            raise UnreachableError(MOVED)
        if min(disks, self._having(leader, position)) < self._host.election.voters.quorum:
            raise UnreachableError(TOO_FEW)

    async def confirm_copies(self, leader: Leader | None) -> None:
        """The same of what standbys copy: they are asked to do so at once."""
        assert leader is not None
        there = self._there(leader)
        copies = asyncio.gather(*(self._ask(host, _LOOK) for host in there))
        told: list[Any] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COPIED_S):
                told = await copies
        if not self._is_led_by(leader):
            raise UnreachableError(MOVED)
        if sum(map(_has_copied, told)) + 1 < self._host.election.voters.quorum:
            raise UnreachableError(TOO_FEW)

    async def prepare(self) -> None:
        """Before this host hands over: wait until the others that are there say that they have its
        state, at most CONFIRM_S. One that has just started would lead without it, and badges join
        anew; what it said before it was started does not count."""
        leader = self._host.leader
        if leader is not None:
            position = leader.journal.ask_all(engine_now_ms())
            self._settle()
            await self._until(leader, lambda: self._has_each(leader, position))

    # --- inside ---

    async def _until(self, leader: Leader | None, is_done: Callable[[], bool]) -> None:
        """It is done, somebody else leads, or CONFIRM_S have passed."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + CONFIRM_S
        self._waiting += 1
        try:
            while self._is_led_by(leader) and not is_done():
                try:
                    async with asyncio.timeout_at(deadline_s):
                        await self._moved.wait()
                except TimeoutError:
                    break
        finally:
            self._waiting -= 1

    def _is_led_by(self, leader: Leader | None) -> bool:
        return leader is not None and self._host.leader is leader

    def _have_all(self, leader: Leader | None, position: int) -> bool:
        """Whether every standby that is there has it, and enough are."""
        assert leader is not None
        return self._has_each(leader, position) and self._have_enough(leader, position)

    def _has_each(self, leader: Leader, position: int) -> bool:
        journal = leader.journal
        return all(journal.acknowledged(host) >= position for host in self._there(leader))

    def _there(self, leader: Leader) -> list[bytes]:
        now_ms = engine_now_ms()
        silent = {host: self._silent_ms(host, now_ms) for host in leader.journal.standbys()}
        return [host for host, ms in silent.items() if ms is not None and ms < HEARD_MS]

    def _have_enough(self, leader: Leader | None, position: int) -> bool:
        """Whether as many have it as must vote for the next leader."""
        return self._having(leader, position) >= self._host.election.voters.quorum

    def _having(self, leader: Leader | None, position: int) -> int:
        """How many have it, this host among them."""
        assert leader is not None
        journal = leader.journal
        having = [host for host in journal.standbys() if journal.acknowledged(host) >= position]
        return len(having) + 1


def _has_copied(told: bytes | None) -> bool:
    """What a standby has answered; one of an earlier version copies all by itself, every two
    seconds."""
    try:
        reply = read_json(told or b"null")
    except ValueError:
        return False
    return isinstance(reply, dict) and reply.get("answer") is True
