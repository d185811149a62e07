"""The report of phase 8: faults planted one by one in simulated venues, and what somebody who sees
only the console's live page would read there.

As with the other reports, the document follows from recorded runs alone: one record a fault, with
what was shown. Whether that names the cause is judged from the words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pressel.console.host_reader import Seen
from pressel.console.view import live
from pressel.health.verdict import judge
from pressel.node.burst_state import BurstState
from pressel.node.bursts import Bursts
from pressel.node.leader_state import LeaderState, MemberState
from pressel.sim.commit import commit
from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import read_scenario
from pressel.sim.world import record
from pressel.sim.world.seal import STAND_IN
from pressel.sim.world.world import World
from ptt.base import clock
from ptt.leader.leader import Leader

SCENARIO = Path(__file__).with_name("operations.toml")
PARTICIPANTS = 12
SEEDS = (1, 2, 3)
BADGE = 3  # the one that has a trouble of its own
_UP, _DOWN = 0, 1
_FAR = {"loss_ppm": 80_000}  # 8 %, after all that the radio repeats: the edge of a cell
_DARK_MS = 299_000  # four seconds before the look: a member is kept for five
_NIGHT_S = 1_772_490_000.0  # any evening

Record = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """`words` say what is planted. It is found when each of `found` stands on the page, and nothing
    of `wrong`. `profile`: the network, with other facts of its `wifi`; `stations` that have another
    way than it says; `steps` besides those of the scenario. `section`: of the runbook."""

    name: str
    words: str
    found: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    profile: str = "clean"
    stations: tuple[tuple[int, int, dict[str, int]], ...] = ()
    wifi: dict[str, int | str] = field(default_factory=dict)
    steps: tuple[tuple[int, str, int, int], ...] = ()  # of the world's plan, at ms
    section: str = ""


FAULTS = (
    Fault("nothing", "nothing", ("everybody hears well",), ("loses", "lose ")),
    Fault(
        "far",
        f"badge {BADGE} stands where one datagram in twelve does not reach it",
        (f"B{BADGE}", "lost on the way", "too far from an access point"),
        ("nearly everybody", "all others"),
        stations=((BADGE, _DOWN, _FAR),),
        section="somebody-hears-badly",
    ),
    Fault(
        "talker",
        f"of what badge {BADGE} sends, one datagram in twelve is lost",
        (f"what B{BADGE} says", "its own way to an access point is bad"),
        ("nearly everybody",),
        stations=((BADGE, _UP, _FAR),),
        section="nobody-understands-somebody",
    ),
    Fault(
        "disturbed",
        "guests' phones share the channel, and datagrams of all are lost and late",
        ("Nearly everybody hears", "the channel is full or disturbed"),
        ("too far", "all others"),
        profile="busy",
        section="everybody-hears-badly",
    ),
    Fault(
        "full",
        "an old access point sends at 2 Mb/s, so that voice alone fills its channel",
        ("Nearly everybody hears", "the channel is full or disturbed"),
        ("too far", "all others"),
        profile="airtime",
        wifi={"phy": "b-long", "rate_kbps": 2000},
        section="everybody-hears-badly",
    ),
    Fault(
        "dark",
        f"badge {BADGE} goes dark while its member is still on the list",
        (f"B{BADGE} cannot be heard", "an empty battery"),
        ("loses", "lose "),
        steps=((_DARK_MS, "crash", BADGE, 0),),
        section="a-badge-is-silent",
    ),
)


def matrix() -> Iterator[tuple[Fault, int]]:
    """Every fault and seed."""
    for fault in FAULTS:
        for seed in SEEDS:
            yield fault, seed


def spec_of(fault: Fault, seed: int) -> dict[str, Any]:
    """The facts of one run."""
    profile = load_profile(fault.profile).resolved()
    scenario = read_scenario(SCENARIO).resolved()
    return {
        "scenario": scenario,
        "profile": {
            **profile, "stations": fault.stations, "wifi": {**profile["wifi"], **fault.wifi},
        },
        "participants": PARTICIPANTS,
        "protocol": "v2",
        "seed": seed,
        "seal": STAND_IN,
    }  # fmt: skip


def make(fault: Fault, seed: int) -> Record:
    """Run a venue with the fault, and look at its page at the end."""
    world = World(spec_of(fault, seed))
    for at_ms, action, number, measure in fault.steps:
        world.plan.steps.append((at_ms * 1000, action, number, measure))
    watch = _Watch(world)
    try:
        world.run()
    finally:
        world.close()
    return {
        "source": commit() or "unknown", "fault": fault.name, "seed": seed, **watch.page(),
        "violations": [each["what"] for each in world.violations],
    }  # fmt: skip


class _Watch:
    """What the host that leads would tell its console."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bursts = Bursts(self._leader, self._now_s)
        world.record.watch(record.LEADS, self._on_leads)

    def page(self) -> dict[str, Any]:
        """The live page: its word and reason, and what it asks a person to see to."""
        leader = self._leader()
        bursts = [] if leader is None else self._all()
        status = None
        if leader is not None:
            (node,) = [each for each in self._hosts() if each.is_leading]
            status = _status(leader, node.now_ms())
        seen = Seen(status=status, why="", health=judge(bursts, self._now_s()))
        seen.bursts.extend(bursts)
        shown = live(seen, (), self._now_s())
        return {
            "word": shown.word, "reason": shown.reason,
            "todo": [[each.title, each.text] for each in shown.todo],
            "bursts": len(bursts),
        }  # fmt: skip

    def _all(self) -> list[BurstState]:
        found: list[BurstState] = []
        while page := self._bursts.page({"after": found[-1].place if found else 0})["bursts"]:
            found += [BurstState.model_validate(each) for each in page]
        return found

    def _hosts(self) -> list[Any]:
        return [each for each in self._world.nodes.values() if each.is_wired and each.is_up]

    def _leader(self) -> Leader | None:
        return next((each.leader() for each in self._hosts() if each.is_leading), None)

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, detail: Any) -> None:
        host: Any = self._world.nodes[node]
        if leads:
            self._bursts.follow(host.leader())

    def _now_s(self) -> float:
        return _NIGHT_S + self._world.loop.now_us / 1_000_000


def _status(leader: Leader, now_ms: int) -> LeaderState:
    """As `pressel status` tells it, of what a simulated leader knows: it has no addresses."""
    members = [
        MemberState(
            node=member.node, name=member.name.decode(), device=member.device.hex(), address="",
            build="", group=member.group, silent_ms=clock.since(now_ms, member.heard_ms),
            table_advice=None, settings_version=0,
        )
        for member in leader.members.all()
    ]  # fmt: skip
    return LeaderState(
        term=leader.term, address="", uptime_s=0.0, members=members, floors=[], refused={},
        voice_in=leader.voice.packets_in, voice_out=leader.voice.packets_out,
    )  # fmt: skip


def read_records(file: Path) -> list[Record]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def is_found(fault: Fault, record: Record) -> bool:
    """Does the page name the cause, and no other one?"""
    shown = " ".join([record["reason"], *(part for todo in record["todo"] for part in todo)])
    return all(each in shown for each in fault.found) and not any(
        each in shown for each in fault.wrong
    )


# --- the document ---


def text(records: list[Record]) -> str:
    """The whole report."""
    by_fault = {fault.name: [each for each in records if each["fault"] == fault.name]
                for fault in FAULTS}  # fmt: skip
    found = sum(is_found(fault, each) for fault in FAULTS for each in by_fault[fault.name])
    return _TEXT.format(
        sources=", ".join(sorted({each["source"] for each in records})),
        participants=PARTICIPANTS,
        runs=len(records),
        found=found,
        violations=sum(len(each["violations"]) for each in records) or "no",
        rows="\n".join(_row(fault, by_fault[fault.name]) for fault in FAULTS),
    )


_TEXT = """# Phase 8: faults that the console names

Made by `make report-phase8` from `phase8-runs.jsonl`, recorded with {sources}. **Simulated**: each
fault is planted in a venue of {participants} badges and two hosts that talk for five minutes
(`host/pressel/sim/report/operations.toml`). What the leader then knows, and nothing else, is shown
by the code of the console's live page. A fault counts as found when its cause stands there and no
other cause does.

{found} of {runs} runs are found; the checkers of the simulator found {violations} violations.

| planted | the page says | found | what to do |
|---|---|--:|---|
{rows}

What is not planted here: low batteries and access points, which badges report and simulated ones do
not, stand on the same page and are tried in `tests/host/test_console_view.py`. In real processes,
two files plant faults and read the live page and the bundle. `tests/e2e/test_console_faults.py`: a
badge that is far, one whose own way is bad, one that asks to come in and hears no answer, one that
sleeps and a venue of such, a channel that is disturbed and one that is full, wind, a hum, a hiss,
overload, a mute microphone, a dark badge, one to which no voice comes.
`tests/e2e/test_console_host_faults.py`: hosts that are split, a relay behind a slow line, an access
point that swallows multicast, a full disk of the leader and one of a standby. Without processes,
`tests/host/test_badge_troubles.py` and `tests/host/test_computers.py` have badges that restart
again and again, two with one identity, one that is held off, one that talks to an empty group, one
from which no voice comes, one whose button is stuck, one that is behind the others' release, a slow
disk, and an authority that ends soon.
"""


def _row(fault: Fault, records: list[Record]) -> str:
    first = records[0]
    said = [first["word"] + ": " + first["reason"], *(title for title, _ in first["todo"])]
    found = sum(is_found(fault, each) for each in records)
    link = f"[runbook](../operations-runbook.md#{fault.section})" if fault.section else ""
    return f"| {fault.words} | {'; '.join(said)} | {found} of {len(records)} | {link} |"
