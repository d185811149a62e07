"""What concerns everybody who is there: who they are, and texts to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pressel.errors import UsageError
from pressel.printable import is_printable, one_line
from pressel.transport.udp import Address, engine_now_ms
from ptt.base import features
from ptt.base.numbers import TEXT_BYTES_MAX
from ptt.leader.leader import Leader
from ptt.leader.roster import GROUP_DEFAULT
from ptt.wire import messages

from ..away import Away
from ..bridging import Bridging
from ..ear import Ear
from ..order import Order
from ..snapshot import take_snapshot
from ..unrest import DOUBLE, RESTARTED, Unrest
from .verb import LEADER, Fields, Verb


class Venue:
    """`leader` gives the engine that leads here, None when none does; `badges` its address;
    `bridging` the v1 bridge where old apps take part; `settle` sends what the engine has to say;
    `name_of` gives the name of a host, `away` knows who is heard no more, `ear`
    what microphones sound like, `unrest` which badges come and go, `order`
    how their datagrams come."""

    def __init__(
        self,
        leader: Callable[[], Leader | None],
        badges: Callable[[], Address],
        bridging: Bridging | None,
        settle: Callable[[], None],
        away: Away,
        ear: Ear,
        unrest: Unrest,
        order: Order,
        name_of: Callable[[bytes], str] = bytes.hex,
    ) -> None:
        self._leader = leader
        self._badges = badges
        self._bridging = bridging
        self._settle = settle
        self._name_of = name_of
        self._away = away
        self._ear = ear
        self._unrest = unrest
        self._order = order
        self._started_s = time.monotonic()

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("status", self.status, place=LEADER),
            Verb("text", self.text, True, LEADER, shown=("text",), is_passing=True),
        )

    def status(self, fields: Fields) -> dict[str, Any]:
        """A `LeaderState`."""
        host, port = self._badges()
        uptime_s = self._uptime_s()
        leader, now_ms = leading(self._leader), engine_now_ms()
        snapshot = take_snapshot(leader, f"{host}:{port}", uptime_s, now_ms, self._name_of)
        self._away.note()
        snapshot.away = self._away.states()
        for member in snapshot.members:
            member.microphone = self._ear.of(bytes.fromhex(member.device))
            member.restarts = self._unrest.lately(RESTARTED, member.device)
            member.doubles = self._unrest.lately(DOUBLE, member.device)
        snapshot.twice_percent = self._order.twice_percent
        snapshot.overtaken_percent = self._order.overtaken_percent
        if self._bridging is not None:
            snapshot.v1_clients = self._bridging.states()
            snapshot.v1_refused = self._bridging.refused()
            snapshot.is_v1_off = leader.settings.settings.old_apps == 0
        return snapshot.model_dump()

    def figures(self) -> dict[str, Any]:
        """What metrics count besides the leader: numbers only."""
        bridging = self._bridging
        clients = None if bridging is None else bridging.states()
        return {
            "uptime_s": round(self._uptime_s(), 3),
            "v1_clients": None if clients is None else len(clients),
            "v1_refused": {} if bridging is None else bridging.refused(),
        }

    def _uptime_s(self) -> float:
        return time.monotonic() - self._started_s

    def text(self, fields: Fields) -> dict[str, Any]:
        """A text to all: to how many `members`, and who gets it `in_clear`, so that everybody on
        the radio can read it."""
        words = one_line(str(fields["text"]))  # whatever blanks a person has typed
        text = words.encode(errors="replace")
        if not 0 < len(text) <= TEXT_BYTES_MAX or not is_printable(words):
            raise UsageError(f"a text has 1 to {TEXT_BYTES_MAX} bytes, all printable")
        leader = leading(self._leader)
        operator = messages.TEXT_OPERATOR
        leader.send_text(GROUP_DEFAULT, operator, b"operator", text, engine_now_ms())
        self._settle()
        members = leader.members.all()
        old = [each.name.decode() for each in members if not each.features & features.SECRET_TEXTS]
        return {"members": len(members), "in_clear": old}


def leading(leader: Callable[[], Leader | None]) -> Leader:
    """The engine that leads here. UsageError when it has stopped a moment ago."""
    engine = leader()
    if engine is None:
        raise UsageError("this host no longer leads; try again")
    return engine
