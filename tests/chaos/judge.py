"""The logs of all processes as one run of the simulator, judged by its checkers and measures."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.clocks import told_at
from tests.chaos.operator import Operator
from tests.chaos.venue import HOSTS, SOFT_BADGES, Venue, leads_of

from pressel.errors import PresselError
from pressel.node import control
from pressel.node.desk.desk import OWN_COPY
from pressel.registry.store import BEGINNING, Registry
from pressel.sim.real.merged import Kept, MergedWorld, Traffic
from pressel.sim.world import record
from pressel.sim.world.checkers import CHECKERS
from pressel.sim.world.people import marker
from pressel.sim.world.plan import Plan
from pressel.spread import Spread
from ptt.base import events
from ptt.base.prng import Prng

FAILOVER_P99_MS = 1500
HELD_ON_US = 2_500_000


class _Place:
    def __init__(self, is_wired: bool) -> None:
        self.is_wired = is_wired


class World(MergedWorld):
    """Three hosts, and the badges whose frames are marked."""

    def __init__(self, end_us: int) -> None:
        scenario = {"name": "chaos", "duration_s": 1, "settle_s": 0}
        spec = {"scenario": scenario, "protocol": "v2", "participants": SOFT_BADGES}
        super().__init__(spec, Plan(scenario, SOFT_BADGES, Prng(1)), Traffic([]), end_us)
        self.standbys = len(HOSTS) - 1
        numbers = range(SOFT_BADGES + len(HOSTS))
        self.nodes = {each: _Place(not 1 <= each <= SOFT_BADGES) for each in numbers}


class Silence:
    """From the moment in which a leader dies, or stands still, until a listener hears a word that
    was said later: of bursts whose talker held on for so long that it had to be heard again. Who
    hears nothing of the rest of the burst waits until its end: what comes then, or does not come
    for a while, is the people's doing."""

    def __init__(self, world: MergedWorld) -> None:
        self._spread = Spread()
        self._talking: set[int] = set()
        self._joined: set[int] = set()
        self._leads: set[int] = set()
        self._said_us: dict[int, int] = {}  # by frame, since the last death
        self._died_us = -1
        self._talker = -1  # then
        self._waiting: set[int] = set()
        for kind, watcher in (
            (record.EVENT, self._on_event),
            (record.TALKING, self._on_talking),
            (record.LEADS, self._on_leads),
            (record.FAULT, self._on_fault),
            (record.SPOKEN, self._on_spoken),
            (record.PLAYED, self._on_played),
        ):
            world.record.watch(kind, watcher)

    def figures(self) -> dict[str, Any]:
        return self._spread.figures() or dict.fromkeys(("p50", "p99", "max")) | {"n": 0}

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.JOINED:
            self._joined.add(node)
        elif kind == events.LOST:
            self._joined.discard(node)

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        if is_talking:
            self._talking.add(node)
            return
        self._talking.discard(node)
        if now_us - self._died_us < HELD_ON_US:
            self._waiting = set()  # it had said all
        elif node == self._talker:
            for _ in self._waiting:
                self._spread.add(now_us - self._died_us)
            self._waiting = set()

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, detail: Any) -> None:
        (self._leads.add if leads else self._leads.discard)(node)

    def _on_fault(self, now_us: int, node: int, kind: int, b: int, detail: Any) -> None:
        if kind != record.CRASHED:
            self._waiting.discard(node)
        elif node in self._leads:
            self._leads.discard(node)
            self._died_us = now_us
            self._said_us.clear()
            self._waiting = self._joined - self._talking if len(self._talking) == 1 else set()
            self._talker = next(iter(self._talking), -1)
        else:
            self._waiting.discard(node)
            if node == self._talker:
                self._waiting = set()  # it said no more
            self._joined.discard(node)

    def _on_spoken(self, now_us: int, node: int, number: int, frame: int, start_us: Any) -> None:
        if self._waiting and node in self._talking:
            self._said_us[marker.frame_id(node, number, frame)] = now_us

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        if node in self._waiting and frame in self._said_us:
            self._waiting.discard(node)
            self._spread.add(now_us - self._died_us)


@dataclass
class Verdict:
    """`broken`: sentences about what must never happen. `was_late`: processes waited for the
    machine, so that the time of a failover is partly its doing."""

    broken: list[str] = field(default_factory=list)
    failover_ms: dict[str, Any] = field(default_factory=dict)
    bursts: int = 0
    frames_heard: int = 0
    devices: int = 0
    settings: int = 0
    refused: int = 0
    was_late: bool = False


def judge(venue: Venue, operator: Operator) -> Verdict:
    """To be called when all is well again; badges have ended, hosts run."""
    kept = _records(venue)
    begin_us = min(each[0] for each in kept)
    verdict = look_at_logs([(each[0] - begin_us, *each[1:]) for each in kept])
    _look_at_what_was_said(venue, operator, verdict)
    for name, command in venue.commands:
        if "Traceback" in command.err:
            verdict.broken.append(f"host {name} broke down: {command.err.splitlines()[-1]}")
    return verdict


def look_at_logs(kept: list[Kept]) -> Verdict:
    """What the checkers and measures see in the records of all processes."""
    verdict = Verdict()
    world = World(max(each[0] for each in kept))
    seen: Any = world
    checkers = [each(seen) for each in CHECKERS if getattr(each, "is_of_records", False)]
    silence = Silence(world)
    world.replay(kept)
    for checker in checkers:
        checker.finish()
    verdict.broken += [f"{each['checker']}: {each['what']}" for each in world.violations]
    _look_at_terms(kept, verdict)
    verdict.failover_ms = silence.figures()
    verdict.bursts = sum(each[1] == record.PRESSED for each in kept)
    verdict.frames_heard = sum(each[1] == record.PLAYED for each in kept)
    return verdict


def look_at_failover(verdict: Verdict) -> None:
    """The target of its time, on a machine that served everybody."""
    p99 = verdict.failover_ms["p99"]
    if p99 is not None and p99 > FAILOVER_P99_MS and not verdict.was_late:
        verdict.broken.append(f"failover p99 {p99:.0f} ms is above {FAILOVER_P99_MS} ms")


def _records(venue: Venue) -> list[Kept]:
    kept: list[Kept] = list(venue.notes)
    for badge in venue.badges:
        for line in badge.records.read_text("ascii").splitlines():
            at_us, kind, node, a, b, detail = json.loads(line)
            kept.append((at_us, kind, node, a, b, _as_told(detail)))
    ahead_s = time.monotonic() - time.time()
    last_s = dict.fromkeys(HOSTS, 0.0)
    for name, command in venue.commands:
        node = venue.number_of(name)
        for line in command.out.splitlines():
            if not line.endswith("}"):
                continue  # killed in the midst of a line
            told = json.loads(line)
            at_s = told_at(told["at"] + ahead_s, venue.clocks.steps[name], last_s[name])
            last_s[name] = max(last_s[name], at_s)
            at_us = int(at_s * 1_000_000)
            kept += [(at_us, *each) for each in _of_host(node, told)]
    return kept


def _of_host(node: int, told: dict[str, Any]) -> list[tuple[int, int, int, int, Any]]:
    if told["event"] == "ready":
        return [(record.STARTED, node, 1, 0, None)]
    if (leads := leads_of(told)) is not None:
        return [(record.LEADS, node, *leads, None)]
    if told["event"] == events.NAMES[events.LEADING]:
        return [(record.EVENT, node, events.LEADING, 0, told["term"])]
    for kind in (events.FLOOR_GRANTED, events.FLOOR_FREED):
        if told["event"] == events.NAMES[kind]:
            burst = (told["talker"], told["lease"])
            cause = (told["cause"],) if kind == events.FLOOR_FREED else ()
            return [(record.EVENT, node, kind, 0, burst + cause)]
    return []


def _as_told(detail: Any) -> Any:
    return tuple(detail) if isinstance(detail, list) else detail


def _look_at_terms(kept: list[Kept], verdict: Verdict) -> None:
    led: dict[int, set[int]] = {}
    for _, kind, node, leads, term, _ in kept:
        if kind == record.LEADS and leads:
            led.setdefault(term, set()).add(node)
    for term, nodes in sorted(led.items()):
        if len(nodes) > 1:
            verdict.broken.append(f"hosts {sorted(nodes)} have both led in term {term}")


def _look_at_what_was_said(venue: Venue, operator: Operator, verdict: Verdict) -> None:
    """Registry, settings and audit of every host have all that was acknowledged."""
    verdict.devices, verdict.settings = len(operator.added), len(operator.settings)
    verdict.refused = operator.refused
    for name in HOSTS:
        state = venue.cluster.state(name)
        with Registry(state) as registry:
            there = {each.id: each.state for each in registry.devices()}
            audited = _audited(registry)
            try:
                registry.verify()
            except PresselError as error:
                verdict.broken.append(f"the audit log of host {name} does not hold: {error}")
        for device in sorted(operator.added):
            if device not in there:
                verdict.broken.append(f"device {device} was added, and host {name} lost it")
            elif device not in audited:
                verdict.broken.append(f"the audit log of host {name} lost device {device}")
            elif device in operator.revoked and there[device] != "revoked":
                verdict.broken.append(f"device {device} was revoked, and host {name} lost that")
        door = venue.folder / f"{name}.sock"
        past = control.ask(door, "settings history")
        known = json.dumps(past)
        for version, value in operator.settings.items():
            if str(value) not in known:
                verdict.broken.append(f"settings {version} ({value} ms): host {name} lost them")


def _audited(registry: Registry) -> str:
    """All entries of the log, page by page."""
    found, after = [], BEGINNING
    while page := registry.told(after):
        found += [str(each.entry) for each in page]
        after = page[-1].place
    return "\n".join(found)


def is_same_everywhere(venue: Venue) -> bool:
    """Do all hosts have the same registry, and does one lead that all follow?"""
    if not all(map(venue.is_up, HOSTS)) or venue.cluster.leader() is None:
        return False
    found = []
    for name in HOSTS:
        with Registry(venue.cluster.state(name)) as registry:
            found.append([(each.id, each.state) for each in registry.devices()])
    return found[0] == found[1] == found[2]


def members(venue: Venue) -> set[str]:
    """As the host that leads tells."""
    for name in HOSTS:
        try:
            reply = control.request(venue.folder / f"{name}.sock", "status")
        except PresselError:
            continue
        if reply.by != OWN_COPY:
            return {each["name"] for each in reply.answer.get("members", ())}
    return set()
