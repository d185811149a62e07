"""What happens at a leader and in an election, as (word, fields) for people and for `timeline`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptt import events
from ptt.cluster import election
from ptt.leader import Leader
from ptt.wire import messages

from .snapshot import ADVICE

Report = Callable[[str, dict[str, Any]], None]

_CAUSES = {
    0: "released",
    messages.REVOCATION_TALK_LIMIT: "talk limit",
    messages.REVOCATION_SILENT: "silent",
    messages.REVOCATION_PREEMPTED: "preempted",
    messages.REVOCATION_CALL_ENDED: "call ended",
    messages.REVOCATION_LEADER_CHANGED: "leader changed",
}


class EventLog:
    """`leader` gives the one that leads here now, or None; `name_of` a host's name."""

    def __init__(
        self,
        report: Report,
        leader: Callable[[], Leader | None],
        name_of: Callable[[bytes], str],
    ) -> None:
        self._report = report
        self._leader = leader
        self._name_of = name_of
        self._names: dict[int, str] = {}  # by node, for events about who has just gone

    def on_floor(self, kind: int, value: Any) -> None:
        """An event of `ptt.events`."""
        name = events.NAMES[kind]
        if kind in (events.MEMBER_JOINED, events.MEMBER_LEFT):
            self._report(name, {"node": value, "name": self._badge(value)})
            if kind == events.MEMBER_LEFT:
                self._names.pop(value, None)
        elif kind == events.OTHER_TABLE:
            self._report(name, {"advice": ADVICE[value]})
        elif kind == events.STRANGER:
            self._report(name, _stranger(*value))
        elif kind == events.HIGHER_TERM:
            device, term = value
            self._report(name, {"device": device.hex(), "term": term, "advice": _CLAIM_ADVICE})
        elif kind == events.TEXT:
            self._report(name, {"from": value[2].decode(), "text": value[3].decode()})
        elif kind == events.RECEIPT:
            lease, listeners, heard, whole = value
            fields = {"lease": lease, "listeners": listeners, "heard": heard, "whole": whole}
            self._report(name, fields)
        elif kind == events.FLOOR_GRANTED:
            self._report(name, {"talker": self._badge(value[0]), "lease": value[1]})
        elif kind == events.FLOOR_FREED:
            talker, lease, cause = value
            cause_word = _CAUSES.get(cause, str(cause))
            fields = {"talker": self._badge(talker), "lease": lease, "cause": cause_word}
            self._report(name, fields)

    def on_election(self, kind: int, value: Any, convergence_ms: int) -> None:
        """An event of `ptt.cluster.election`."""
        name = election.EVENT_NAMES[kind]
        if kind == election.BECAME_LEADER:
            self._report(name, {"term": value, "convergence_ms": convergence_ms})
        elif kind == election.LOST_LEADERSHIP:
            self._report(name, {"term": value[0], "why": election.TRIGGERS[value[1]]})
        elif kind == election.LEADER_IS:
            leader = self._name_of(value[0])
            fields = {"leader": leader, "term": value[1], "convergence_ms": convergence_ms}
            self._report(name, fields)
        elif kind == election.LEADER_LOST:
            self._report(name, {"leader": self._name_of(value[0]), "term": value[1]})
        elif kind == election.ATTEMPT:
            self._report(name, {"term": value})
        elif kind == election.ATTEMPT_FAILED:
            self._report(name, {"term": value[0], "why": election.TRIGGERS[value[1]]})

    def _badge(self, node: int) -> str:
        """What people call `node`, also just after it has left."""
        leader = self._leader()
        member = leader.members.by_node(node) if leader is not None else None
        if member is not None:
            self._names[node] = member.name.decode()
        return self._names.get(node, str(node))


_CLAIM_ADVICE = "was another leader here? If it says so again and again, revoke this badge"


def _stranger(device: bytes, name: bytes) -> dict[str, str]:
    """What to say of a device that is not in the registry."""
    advice = "flash this badge, or start it with --register, if it is yours"
    return {"device": device.hex(), "name": name.decode(), "advice": advice}
