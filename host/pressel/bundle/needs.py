"""What needs a person, in the words of the console's live page, but with other names: all that the
sentences are made of is replaced before they are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from pressel.doctor.finding import Finding
from pressel.health.hosts import of_the_cluster
from pressel.health.order import disorder
from pressel.health.troubles import of_the_host, troubles
from pressel.health.verdict import judge
from pressel.node.burst_state import BurstState
from pressel.node.held_words import ADVISED
from pressel.node.leader_state import UNTOLD, HeldState, LeaderState, MemberState
from pressel.node.node_state import NodeState

from .pseudonyms import Pseudonyms
from .words import RESTARTS

OTHER_TABLE = "it has another table of messages"
_NO_LEADER = {"title": "No leader answers", "text": "Nobody could talk through this host then."}


def needs(
    told: Mapping[str, Any] | None,
    bursts: Iterable[BurstState],
    findings: Iterable[Finding],
    names: Pseudonyms,
    now_s: float,
    cluster: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`why` the venue hears as it does, and what waits for a person: a list of `title` and `text`.
    `told` is a host's answer to `status`, None while no leader answers; `cluster` that to `host
    status`."""
    computer = [_finding(each, names) for each in findings]
    status = _of_other_names(told, names)
    hosts = of_the_cluster(_hosts(cluster, names), status is not None)
    if status is None:
        return {"why": "", "todo": [_NO_LEADER, *_plain([*hosts, *of_the_host(computer)])]}
    health = judge((_burst(each, names) for each in bursts), now_s, disorder(status))
    return {"why": health.why, "todo": _plain([*hosts, *troubles(status, health, computer)])}


def read_status(told: Mapping[str, Any] | None) -> LeaderState | None:
    """None where no leader answered, or one of another version."""
    if told is None:
        return None
    try:
        return LeaderState.model_validate(told)
    except ValidationError:
        return None


def _finding(found: Finding, names: Pseudonyms) -> Finding:
    """Its words may name a folder, and so a person; what another host says, anything."""
    short = found.short if not found.host and found.short else "see pressel doctor there"
    host = names.of("host", found.host) if found.host else ""
    return replace(found, words=short, mend="", host=host)


def _plain(found: Iterable[Any]) -> list[dict[str, str]]:
    return [{"title": each.title, "text": each.text} for each in found]


def _of_other_names(told: Mapping[str, Any] | None, names: Pseudonyms) -> LeaderState | None:
    status = read_status(told)
    if status is None:
        return None
    members = [_member(each, names) for each in status.members]
    away = [
        each.model_copy(update={"name": names.of("badge", each.device)}) for each in status.away
    ]
    relays = [
        each.model_copy(update={"name": names.of("host", each.name)}) for each in status.relays
    ]
    held = [_held(each, names) for each in status.held]
    # Who talks is of no concern here, and would be a name.
    changed = {"members": members, "away": away, "relays": relays, "floors": [], "held": held}
    return status.model_copy(update=changed)


def _hosts(told: Mapping[str, Any] | None, names: Pseudonyms) -> NodeState | None:
    try:
        state = NodeState.model_validate(told)
    except ValidationError:
        return None  # it was not asked, or is of another version
    peers = [p.model_copy(update={"name": names.of("host", p.name)}) for p in state.peers]
    return state.model_copy(update={"peers": peers})


def _member(member: MemberState, names: Pseudonyms) -> MemberState:
    report = member.badge
    if report is not None and member.access_point != UNTOLD:
        point = names.of("point", member.access_point)
        report = report.model_copy(update={"access_point": point})
    if report is not None and report.restart not in RESTARTS:
        report = report.model_copy(update={"restart": ""})
    advice = None if member.table_advice is None else OTHER_TABLE
    name = names.of("badge", member.device)
    return member.model_copy(update={"name": name, "badge": report, "table_advice": advice})


def _held(held: HeldState, names: Pseudonyms) -> HeldState:
    """With our own words alone."""
    why = held.why if held.why in ADVISED else ""
    told = {"name": names.of("badge", held.device), "why": why, "advice": ADVISED.get(why, "")}
    return held.model_copy(update=told)


def _burst(burst: BurstState, names: Pseudonyms) -> BurstState:
    hearings = [replace(each, name=names.of("badge", each.device)) for each in burst.hearings]
    talker = names.of("badge", burst.device)
    return burst.model_copy(update={"talker": talker, "hearings": hearings})
