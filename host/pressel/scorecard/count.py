"""What the logs of one venue tell of a time: faults, by the names of shared/schema/scorecard.toml.

Logs are those of hosts (`at_s`, the time of day) and of badges (their own clock, so they count as a
whole). The hosts' clocks must agree; what differs by less than CLOCK_S is taken for one time.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pressel.kpis.hours import LIMITS_MS, access_ms
from pressel.trace.logs import Line

SHIFT_BURSTS_MIN = 20  # on one day: fewer are somebody who tried it
LEADERLESS_S = 1.5  # the promise "failover" of docs/slo.md
CLOCK_S = 0.5  # hosts that keep time by NTP differ by less
_RESET = {"its chip was reset, after a failure or for an update", "its supply failed for a moment"}
_HUNG = {"its program hung"}
_REFUSED = ("stranger", "held_off", "revoked_knocks")


@dataclass
class Count:
    """Of one venue. `found`: how often each rule's matter was; `wanted`: of how many where it is a
    share; a rule whose logs are missing is in neither."""

    venue: str
    shifts: int = 0
    bursts: int = 0
    found: Counter[str] = field(default_factory=Counter)
    wanted: dict[str, int] = field(default_factory=dict)
    first_s: float | None = None
    last_s: float | None = None
    badges: int = 0  # logs of badges

    def add(self, other: Count) -> None:
        """A later time of the same venue."""
        self.shifts += other.shifts
        self.bursts += other.bursts
        self.found.update(other.found)
        for name, number in other.wanted.items():
            self.wanted[name] = self.wanted.get(name, 0) + number
        self.first_s = other.first_s if self.first_s is None else self.first_s
        self.last_s = other.last_s
        self.badges = max(self.badges, other.badges)


def count(
    venue: str,
    lines: Iterable[Line],
    since_s: float,
    until_s: float,
    bundles_s: Iterable[float] = (),
) -> Count:
    """All of it; hosts' lines from `since_s` until before `until_s`, and the bundles that were made
    in that time."""
    hosts: list[Line] = []
    badges: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.at_s is None:
            badges[line.source].append(line)
        elif since_s <= line.at_s < until_s:
            hosts.append(line)
    hosts.sort(key=lambda line: line.at_s or 0.0)
    total = Count(venue, badges=len(badges))
    if hosts:
        total.first_s, total.last_s = hosts[0].at_s, hosts[-1].at_s
    _count_bursts(total, hosts)
    _count_faults(total, hosts)
    _count_leaders(total, hosts)
    total.found["floor_conflicts"] = _conflicts(hosts)
    total.found["bundles"] = sum(since_s <= at_s < until_s for at_s in bundles_s)
    for own in badges.values():
        _count_badge(total, own)
    return total


def _count_badge(total: Count, lines: list[Line]) -> None:
    waits = access_ms(lines).values()
    total.found["slow"] += sum(ms > LIMITS_MS["kpi1"][0] for ms in waits)
    total.wanted["slow"] = total.wanted.get("slow", 0) + len(waits)
    for line in lines:
        if line.event == "heard":
            concealed = _number(line, "concealed")
            total.found["lost"] += concealed
            frames = concealed + _number(line, "played")
            total.wanted["lost"] = total.wanted.get("lost", 0) + frames


def _count_bursts(total: Count, hosts: list[Line]) -> None:
    days: Counter[tuple[int, int]] = Counter()
    listeners = 0
    for line in hosts:
        if line.event == "floor_freed":
            total.bursts += 1
            total.found["cut_off"] += line.fields.get("cause") not in ("released", 0)
            at = time.localtime(line.at_s)
            days[at.tm_year, at.tm_yday] += 1
        elif line.event == "receipt":
            wanted = _number(line, "listeners")
            listeners += wanted
            total.found["not_heard"] += max(0, wanted - _number(line, "heard"))
    total.shifts = sum(bursts >= SHIFT_BURSTS_MIN for bursts in days.values())
    total.wanted |= {"cut_off": total.bursts, "not_heard": listeners}


def _count_faults(total: Count, hosts: list[Line]) -> None:
    running: set[str] = set()
    boots: dict[str, int] = {}  # the start of its machine in which each ran last
    for line in hosts:
        if line.event == "ready":
            before, boot = boots.get(line.source, 0), _number(line, "boot")
            if line.source in running:  # it had not said that it stops
                lost_power = before and boot and before != boot
                total.found["power_failures" if lost_power else "crashes"] += 1
            boots[line.source] = boot
            running.add(line.source)
        elif line.event == "stopped":
            running.discard(line.source)
        elif line.event == "badge_restarted":
            total.found["crashes"] += line.fields.get("why") in _RESET
            total.found["hangs"] += line.fields.get("why") in _HUNG
        elif line.event == "lost_leadership":
            total.found["hangs"] += line.fields.get("why") == "overslept"
        elif line.event == "attempt_failed":
            total.found["elections_failed"] += line.fields.get("why") != "leader heard"
        elif line.event == "badge_empty":
            total.found["empty_batteries"] += 1
        elif line.event in _REFUSED:
            total.found["refused"] += 1


def _count_leaders(total: Count, hosts: list[Line]) -> None:
    """Times without a leader, from when the first host noticed it; not while no host runs."""
    leading: set[str] = set()
    running: set[str] = set()
    since_s: float | None = None
    for line in hosts:
        assert line.at_s is not None
        if line.event == "became_leader":
            if since_s is not None and line.at_s - since_s > LEADERLESS_S:
                total.found["leaderless"] += 1
            since_s = None
            leading.add(line.source)
        elif line.event in ("ready", "stopped", "lost_leadership"):
            leading.discard(line.source)
            (running.discard if line.event == "stopped" else running.add)(line.source)
        if line.event in ("leader_lost", "lost_leadership") and since_s is None:
            if line.event == "leader_lost" and len(leading) == 1:
                leading.clear()  # it was ended, or is cut off, and could not say so
            if not leading:
                since_s = line.at_s
        if not running:
            since_s = None


def _conflicts(hosts: list[Line]) -> int:
    """How many bursts ran while another host's did."""
    active: list[tuple[float, str]] = []  # until when, and whose
    found = 0
    for from_s, to_s, source in sorted(_bursts(hosts)):
        active = [each for each in active if each[0] - from_s > CLOCK_S]
        found += to_s - from_s > CLOCK_S and any(each[1] != source for each in active)
        active.append((to_s, source))
    return found


def _bursts(hosts: list[Line]) -> Iterator[tuple[float, float, str]]:
    """From when until when, and whose. One that a host did not end ended with its last line before
    it started anew, or with its log."""
    runs: defaultdict[str, dict[int, float]] = defaultdict(dict)
    last_s: dict[str, float] = {}
    for line in hosts:
        assert line.at_s is not None
        own = runs[line.source]
        if line.event in ("ready", "stopped", "lost_leadership", "deposed"):
            end_s = last_s.get(line.source, line.at_s) if line.event == "ready" else line.at_s
            yield from ((from_s, end_s, line.source) for from_s in own.values())
            own.clear()
        elif line.event == "floor_granted":
            own[_number(line, "lease")] = line.at_s
        elif line.event == "floor_freed":
            from_s = own.pop(_number(line, "lease"), line.at_s)
            yield from_s, line.at_s, line.source
        last_s[line.source] = line.at_s
    for source, own in runs.items():
        yield from ((from_s, last_s[source], source) for from_s in own.values())


def _number(line: Line, name: str) -> int:
    value = line.fields.get(name, 0)
    return value if isinstance(value, int) and value >= 0 else 0
