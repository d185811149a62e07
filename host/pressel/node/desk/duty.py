"""Whether this host may lead: its status, and how the operator takes it off duty.

A host that resigns or drains stands by without leading until it returns. Draining does more: the
host leads until another can, then hands over, and says what it still has to do for others.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.transport.udp import Address, engine_now_ms
from ptt.cluster import election_rules
from ptt.host import Host

from ..cluster_state import take_state
from ..node_state import DRAINED, DRAINING, ON_DUTY, RESIGNED
from ..others import OtherHosts
from ..standbys import HEARD_MS, Standbys
from .verb import Fields, Verb

HANDED_OVER_S = 3.0  # an election takes 0.7 s
_LOOK_S = 0.05


class Duty:
    """`standbys` are told all before this host hands over; `badges` gives the address for badges;
    `settle` sends what the engine has to say."""

    def __init__(
        self,
        host: Host,
        others: OtherHosts,
        standbys: Standbys,
        badges: Callable[[], Address],
        settle: Callable[[], None],
    ) -> None:
        self._host = host
        self._others = others
        self._standbys = standbys
        self._badges = badges
        self._settle = settle
        self._is_draining = False
        self._waits_for = ""  # why no other host can lead yet
        self._is_looking = False

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("host status", self.status),
            Verb("host resign", self.resign, writes=True, shown=("force",)),
            Verb("host drain", self.drain, writes=True),
            Verb("host return", self.return_to_duty, writes=True),
        )

    def status(self, fields: Fields) -> dict[str, Any]:
        """A `NodeState`."""
        hosts = self._others.address
        addresses = (_words(self._badges()), _words(hosts) if hosts else None)
        others, now_ms = self._others, engine_now_ms()
        state = take_state(self._host, others.channel, others.name_of, addresses, now_ms)
        state.left = self._left() if self._is_draining else []
        state.duty = self._word(state.left)
        return state.model_dump()

    async def resign(self, fields: Fields) -> dict[str, Any]:
        """Let another host lead; with `force` even if none can."""
        if self._host.leader is None:
            raise PresselError("this host does not lead; see `pressel host status`")
        why = await self._why_nobody_can()
        if why and not fields.get("force"):
            raise PresselError(f"{why}; --force resigns all the same, and nobody leads then")
        if not why:
            await self._standbys.prepare()
        self._step_aside()
        return {"leader": await self._successor(0.0 if why else HANDED_OVER_S)}

    async def drain(self, fields: Fields) -> dict[str, Any]:
        """Off duty, as soon as another host can lead."""
        if self._host.leader is not None and not self._others.channel.hosts():
            raise PresselError("there is no other host to lead; stop this one to end the venue")
        self._is_draining = True
        if self._host.leader is None:
            self._step_aside()
        else:
            await self.look()
        return self.status({})

    def return_to_duty(self, fields: Fields) -> bool:
        self._is_draining = False
        self._waits_for = ""
        self._host.return_to_duty(engine_now_ms())
        self._settle()
        return True

    async def look(self) -> None:
        """Hand over when another host can lead by now; to be called again and again."""
        if not self._is_draining or self._host.leader is None or self._is_looking:
            return
        self._is_looking = True
        try:
            self._waits_for = await self._why_nobody_can()
            if not self._waits_for:
                await self._standbys.prepare()
        finally:
            self._is_looking = False
        if not self._waits_for and self._is_draining:
            self._step_aside()

    # --- inside ---

    def _step_aside(self) -> None:
        self._host.resign(engine_now_ms())
        self._settle()

    def _word(self, left: list[str]) -> str:
        if self._is_draining:
            return DRAINING if left else DRAINED
        return RESIGNED if self._host.election.state == election_rules.RESIGNED else ON_DUTY

    def _left(self) -> list[str]:
        """What a host that drains has still to do."""
        left = []
        if self._host.leader is not None:
            left.append(f"it leads: {self._waits_for or 'it hands over'}")
        elif self._host.is_parting:
            left.append("it tells badges that have not moved over")
        relay = self._host.relay
        if relay is not None and relay.is_busy(engine_now_ms()):
            left.append("it relays a burst")
        if self._others.exchange.unfetched:
            left.append("other hosts are fetching answers")
        return left

    async def _successor(self, limit_s: float) -> str | None:
        """Who leads now; None when nobody does within the limit."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + limit_s
        while True:
            engine = self._host.election
            if engine.hears_leader(engine_now_ms()):
                return self._others.name_of(engine.leader)
            if loop.time() >= deadline_s:
                return None
            await asyncio.sleep(_LOOK_S)

    async def _why_nobody_can(self) -> str:
        """Why no other host would lead after us, "" when one would. The hosts are asked: one that
        was heard just now may be off duty itself."""
        hosts, now_ms = self._others.channel.hosts(), engine_now_ms()
        if not hosts:
            return "there is no other host to lead; stop this one to end the venue"
        silent = {host: self._others.silent_ms(host, now_ms) for host in hosts}
        heard = [host for host, ms in silent.items() if ms is not None and ms < HEARD_MS]
        states = [each for each in await asyncio.gather(*map(self._state_of, heard)) if each]
        if not states:
            return "no other host answers; see `pressel host status`"
        able = [
            each
            for each in states
            if each["state"] != election_rules.STATES[election_rules.RESIGNED]
        ]
        if not able:
            return "the other hosts are off duty; run `pressel host return` on one of them"
        quorum = self._host.election.voters.quorum
        if len(states) + 1 < quorum:
            return f"{quorum} hosts are needed to lead, and {len(states) + 1} are there"
        return ""

    async def _state_of(self, host: bytes) -> dict[str, Any] | None:
        body = json.dumps({"ask": "host status", "who": {"name": "duty", "uid": -1}}).encode()
        try:
            told = read_json(await self._others.ask(host, body) or b"{}")
        except (PresselError, ValueError):
            return None
        answer = told.get("answer") if isinstance(told, dict) else None
        return answer if isinstance(answer, dict) and "state" in answer else None


def _words(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
