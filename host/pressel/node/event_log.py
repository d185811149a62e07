"""What happens at a leader and in an election, as (word, fields) for people and for `timeline`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields
from ptt.base import events
from ptt.cluster import election_events
from ptt.leader.leader import Leader

from . import held_words
from .report import Report
from .strangers import Strangers


class EventLog:
    """`leader` gives the engine that leads here now, or None; `name_of` a host's name; `revoked`
    that of a device which was revoked."""

    def __init__(
        self,
        report: Report,
        leader: Callable[[], Leader | None],
        name_of: Callable[[bytes], str],
        revoked: Callable[[bytes], str | None] = lambda device: None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._leader = leader
        self._name_of = name_of
        self._revoked = revoked
        self._now_s = now_s
        self._strangers = Strangers()
        self._names: dict[int, str] = {}  # by node, for events about who has just gone

    def on_floor(self, kind: int, value: Any) -> None:
        """An event of `ptt.base.events`."""
        if kind == events.STRANGER:
            self._on_stranger(*value)
            return
        name = events.NAMES[kind]
        self._report(name, event_fields(name, value, self._badge, self._name_of))
        if kind == events.MEMBER_LEFT:
            self._names.pop(value, None)

    def _on_stranger(self, device: bytes, name: Any) -> None:
        times = self._strangers.knock(bytes(device), self._now_s())
        if times is None:
            return
        word = events.NAMES[events.STRANGER]
        fields = event_fields(word, (device, name))
        if times:
            fields["times"] = times
        former = self._revoked(bytes(device))
        if former is None:
            self._report(word, fields)
            return
        fields["name"] = former  # what it calls itself is no proof of anything
        fields["advice"] = event_table().host["revoked_knocks"].advice
        self._report("revoked_knocks", fields)

    def on_held(self, news: list[tuple[bytes, int]]) -> None:
        """Devices that the leader here has held off, and why."""
        leader = self._leader()
        for device, why in news:
            name = leader.joining.directory.name(device) if leader is not None else None
            fields = {"device": device.hex(), "name": (name or b"?").decode()}
            words = {"why": held_words.why_held(why), "advice": held_words.advice(why)}
            self._report("held_off", fields | words)

    def on_election(self, kind: int, value: Any, convergence_ms: int) -> None:
        """An event of `ptt.cluster.election_events`."""
        name = election_events.EVENT_NAMES[kind]
        fields = event_fields(name, value, self._badge, self._name_of)
        if kind in (election_events.BECAME_LEADER, election_events.LEADER_IS):
            fields["convergence_ms"] = convergence_ms
        self._report(name, fields)

    def on_lead(self) -> None:
        """This host leads now: earlier members are called by name when they leave."""
        leader = self._leader()
        members = leader.members.all() if leader is not None else ()
        self._names = {member.node: member.name.decode() for member in members}

    def _badge(self, node: int) -> str:
        """The name of `node`, even just after it has left."""
        leader = self._leader()
        member = leader.members.by_node(node) if leader is not None else None
        if member is not None:
            self._names[node] = member.name.decode()
        return self._names.get(node, str(node))
