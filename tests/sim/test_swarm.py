"""The swarm: what it draws, what it must find, and how a failing run gets smaller."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.sim.facts import profile, spec
from tests.sim.mutants import frames_begin_again, replaced

from pressel import cli
from pressel.sim.choice import swarm_run
from pressel.sim.scenarios import Machine
from pressel.sim.swarm.draw import Drawn, draw
from pressel.sim.swarm.files import write
from pressel.sim.swarm.kinds import KINDS
from pressel.sim.swarm.shrink import shrink
from pressel.sim.swarm.tally import SwarmTally
from pressel.sim.world import record
from pressel.sim.world.air.network import ChanceAir, Network
from pressel.sim.world.checkers.one_reign import OneReign
from pressel.sim.world.local_clock import LocalClock
from pressel.sim.world.loop import EventLoop
from pressel.sim.world.plan import Plan
from pressel.sim.world.record import Record
from pressel.sim.world.run import run
from pressel.sim.world.seal import StandInChecksum, StandInLink
from pressel.sim.world.world import World
from ptt.badge.participant import Participant
from ptt.base.prng import Prng
from ptt.wire.checksum import FRONT_BYTES
from ptt.wire.envelope import check_shape

SEEDS = range(1, 400)
DATA = bytes(100)
TALKS = {
    "pattern": "random", "hold_ms_min": 300, "hold_ms_max": 400, "gap_ms_min": 100,
    "gap_ms_max": 900,
}  # fmt: skip
QUICK = {"hold_ms_min": 100, "hold_ms_max": 900, "gap_ms_min": 5, "gap_ms_max": 60}
SCRIPT = {  # actions of a plan, or paths' facts, that make the kinds of fault of the same name
    "crash", "resign", "pause", "cut", "heal", "roam", "step_clock", "slew_clock", "lose_memory",
    "flood", "readdress", "half_open", "fill_disk", "slow_disk", "calm", "start", "resume", "talk",
    "swap_address", "restart_point", "twin_comes", "twin_goes", "exhaust_heap", "kill_writing",
    "stall_wire", "slow_relay", "let_relay_lie",
}  # fmt: skip


def test_a_seed_is_one_run_and_the_next_another() -> None:
    specs = [json.dumps(draw(seed).spec()) for seed in SEEDS]
    assert specs == [json.dumps(draw(seed).spec()) for seed in SEEDS]
    assert len(set(specs)) == len(specs)


def test_voice_takes_each_way_in_some() -> None:
    """Multicast and relays are drawn apart from all else."""
    many, relayed, lying = set(), set(), set()
    for seed in SEEDS:
        scenario = draw(seed).scenario
        settings = scenario.settings
        if settings is not None and settings.multicast_group:
            many.add(seed)
        if settings is not None and settings.own_listeners:
            assert scenario.standbys
            relayed.add(seed)
        if scenario.relays is not None:
            lying.add(seed)
    assert many - relayed and relayed - many and many & relayed and lying < relayed
    assert len(many | relayed) < len(SEEDS) * 2 // 3


def test_all_that_can_go_wrong_is_drawn() -> None:
    actions: set[str] = set()
    paths: set[str] = set()
    for seed in SEEDS:
        facts = draw(seed).spec()
        scenario = facts["scenario"]
        plan = Plan(scenario, facts["participants"], Prng(seed), None, scenario["standbys"])
        actions |= {step[1] for step in plan.steps}
        paths |= {name for name, value in (facts["profile"]["path"] or {}).items() if value}
    assert actions == SCRIPT
    assert {"loss_ppm", "burst_ppm", "spike_ppm", "reorder_ppm", "duplicate_ppm"} <= paths
    assert "corrupt_ppm" in paths


def test_who_presses_again_at_once_talks_on_in_the_same_burst() -> None:
    """Before its last words are out; frames that began anew would be ciphered as those before."""
    quick = {"pattern": "random", "talkers_percent": 40, **QUICK}
    facts = spec(seed=2, seal="stand-in", duration_s=15, speech=quick)
    assert run(facts)["violations"] == []
    with frames_begin_again():
        found = run(facts)["violations"]
    assert {each["checker"] for each in found} == {"one number"}


def test_people_have_habits() -> None:
    drawn = [draw(seed).scenario for seed in SEEDS]
    assert any(each.speech and (each.speech.gap_ms or (99,))[0] < 60 for each in drawn)
    sizes = {each.settings.packet_frames for each in drawn if each.settings}
    assert sizes == {None, 1, 2, 3}


def test_nothing_goes_wrong_in_the_calm() -> None:
    for seed in SEEDS:
        facts = draw(seed).spec()
        scenario = facts["scenario"]
        plan = Plan(scenario, facts["participants"], Prng(seed), None, scenario["standbys"])
        begins_us = (scenario["duration_s"] * 1000 - scenario["calm"]["lasts_ms"]) * 1000
        late = {step[1] for step in plan.steps if step[0] > begins_us}
        assert late <= {"talk", "start", "resume", "heal", "twin_goes"}


@pytest.mark.parametrize("seed", [2, 4])
def test_a_drawn_run_keeps_its_promises_and_is_the_same_again(seed: int) -> None:
    first = run(draw(seed).spec())
    assert first["violations"] == []
    assert run(swarm_run(seed).spec())["digest"] == first["digest"]
    assert set(first["struck"]) <= {*KINDS, *_OF_NO_KIND}


_OF_NO_KIND = {"lost: cut", "lost: roaming", "lost: down", "lost: nobody", "host no memory"}


def calm_run(**changed: Any) -> dict[str, Any]:
    """Five participants; some are called up at the end."""
    return spec(**{"duration_s": 40, "calm": {"lasts_ms": 26_000}, "speech": None, **changed})


def test_who_is_called_up_is_heard() -> None:
    assert run(calm_run())["violations"] == []


def test_who_does_not_get_the_floor_is_told() -> None:
    """A badge whose button does something once only."""
    press = Participant.press
    pressed: set[int] = set()

    def press_once(self: Participant, now_ms: int, node: int = 0) -> None:
        if id(self) not in pressed:
            press(self, now_ms)
        pressed.add(id(self))

    facts = calm_run(speech={**TALKS, "talkers_percent": 100})
    assert run(facts)["violations"] == []
    with replaced(Participant, "press", press_once):
        found = run(facts)["violations"]
    assert {each["checker"] for each in found} == {"everybody talks"}
    assert "never got the floor" in found[0]["what"]


def test_a_flipped_bit_that_is_believed_is_found() -> None:
    """Badges look at neither checksum nor tag: what came out of the air changed is somebody's
    word."""

    def check(self: StandInChecksum, data: Any) -> int:
        self.buffer[FRONT_BYTES : FRONT_BYTES + len(data)] = data
        return check_shape(data)

    seeds = [seed for seed in SEEDS if _corrupts(draw(seed))]
    stack = contextlib.ExitStack()
    with stack:
        stack.enter_context(replaced(StandInChecksum, "check", check))
        stack.enter_context(replaced(StandInLink, "is_sealed_by", lambda *_: True))
        found = next(
            (each for seed in seeds[:8] if (each := run(draw(seed).spec())["violations"])), None
        )
    assert found


def _corrupts(drawn: Drawn) -> bool:
    return drawn.profile.hop is not None and drawn.profile.hop.corrupt_percent > 0


# --- the faults ---


def network(**path: int) -> tuple[Network, EventLoop, list[tuple[int, Any]]]:
    """A leader, 0, two badges, 1 and 2, and what has arrived at them."""
    loop = EventLoop()
    got: list[tuple[int, Any]] = []
    made = Network(loop, Record(loop), ChanceAir(profile(**path), Prng(3)))

    class Box:
        def __init__(self, number: int) -> None:
            self.number = number
            self.is_wired = number == 0

        def arrive(self, data: Any, source: int) -> None:
            got.append((source, data))

    for number in range(3):
        made.join(Box(number))
    return made, loop, got


def test_another_address_is_where_answers_have_to_go() -> None:
    air, loop, got = network()
    air.readdress(1)
    air.send(1, 0, DATA)
    loop.run(1_000_000)
    ((address, _),) = got
    assert address != 1
    air.send(0, 1, DATA)  # to the former one
    air.send(0, address, DATA)
    loop.run(2_000_000)
    assert [source for source, _ in got] == [address, 0]
    air.readdress(1)
    air.send(0, address, DATA)
    loop.run(3_000_000)
    assert len(got) == 2


@pytest.mark.parametrize("is_down", [False, True])
def test_a_half_open_link_works_one_way(is_down: bool) -> None:
    air, loop, got = network()
    air.half_open(1, is_down, 500_000)
    air.send(1, 0, DATA)
    air.send(0, 1, DATA)
    loop.run(1_000_000)
    assert [source for source, _ in got] == [1 if is_down else 0]
    air.send(1, 0, DATA)
    air.send(0, 1, DATA)
    loop.run(2_000_000)
    assert len(got) == 3


def test_a_bit_is_flipped_as_often_as_the_profile_says() -> None:
    air, loop, got = network(corrupt_ppm=300_000)
    for _ in range(100):
        air.send(1, 0, DATA)
        loop.run(loop.now_us + 20_000)
    changed = [data for _, data in got if data != DATA]
    assert 15 < len(changed) < 45 and air.struck()["corrupted"] == len(changed)
    assert all(sum(byte.bit_count() for byte in data) == 1 for data in changed)
    air.calm()
    before = len(changed)
    for _ in range(50):
        air.send(1, 0, DATA)
        loop.run(loop.now_us + 20_000)
    assert len([data for _, data in got if data != DATA]) == before


def test_a_clock_that_is_slewed_does_not_jump() -> None:
    clock = LocalClock(5000, 100)
    before = clock.local_us(10_000_000)
    clock.slew(-400, 10_000_000)
    assert abs(clock.local_us(10_000_000) - before) <= 1
    assert clock.local_us(20_000_000) - clock.local_us(10_000_000) == 9_996_000


def test_a_slow_disk_has_the_newest_record_in_the_end() -> None:
    """A process writes one record after the other. Where an older one came last (seed 7,343,716), a
    host led in its former term again, with leases that badges had seen."""
    world = World({**draw(1).spec(), "standbys": 2})
    host: Any = world.nodes[0]
    host.start()
    host.hinder_disk(10_000_000, False)
    for term in range(1, 21):
        host._store((term, b""))
    world.loop.run(60_000_000)
    assert host.disk["record"] == (20, b"")


def test_a_term_begins_once() -> None:
    world = World(spec())
    OneReign(world)
    for host, term in ((0, 257), (1, 514), (0, 769)):
        world.note(record.LEADS, host, 1, term)
        world.note(record.LEADS, host, 0, term)
    assert world.violations == []
    for host, term in ((0, 769), (1, 769)):
        world.note(record.LEADS, host, 1, term)
    words = [each["what"] for each in world.violations]
    assert words == [
        "host 0 leads in term 769, in which host 0 led before",
        "host 1 leads in term 769, in which host 0 led before",
    ]


def test_a_host_whose_disk_is_full_stops_and_comes_back() -> None:
    disk = {"first_ms": 0, "lasts_ms": (4000, 4000), "gap_ms": (1000, 1000), "slow_percent": 0}
    drawn = draw(1)
    scenario = drawn.scenario.model_validate(
        {**drawn.scenario.model_dump(), "standbys": 2, "disk": disk,
         "leader": {"first_ms": 500, "gap_ms": (3000, 3000), "absent_ms": (1000, 1000)}}
    )  # fmt: skip
    result = run(replace(drawn, scenario=scenario).spec())
    assert result["violations"] == []
    assert result["struck"]["disk full"] > 0


# --- smaller ---


def test_what_a_failure_does_not_need_goes() -> None:
    asked: list[Drawn] = []

    def failing(drawn: Drawn) -> str | None:
        asked.append(drawn)
        return "one voice" if drawn.scenario.churn and drawn.participants >= 3 else None

    seed = next(seed for seed in SEEDS if failing(draw(seed)))
    told: list[str] = []
    found = shrink(draw(seed), failing, told.append)
    assert failing(found) and found.participants == 3
    kept = {name for name, value in found.scenario.model_dump().items() if isinstance(value, dict)}
    assert kept == {"speech", "churn"}
    assert found.scenario.standbys == 0 and told


def test_a_run_that_passes_is_not_made_smaller() -> None:
    with pytest.raises(ValueError, match="breaks no promise"):
        shrink(draw(1), lambda _: None, print)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6, 7, 8])
def test_as_files_it_is_the_same_run(seed: int, tmp_path: Path) -> None:
    drawn = draw(seed)
    again = write(drawn, tmp_path).spec()
    told = drawn.spec()
    for facts in (again, told):
        for kind in ("scenario", "profile"):
            facts[kind].pop("name")
    told.pop("counts_rules")
    assert again == told


# --- the command ---


def test_a_swarm_counts_what_struck_and_goes_on_where_it_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = tmp_path / "swarm.json"
    words = ["sim", "swarm", "--seeds", "1..3", "--keep", str(keep), "--python", "cpython"]
    assert cli.main([*words, "--processes", "1"]) == 0
    out = capsys.readouterr().out
    assert "3 runs, 0 failing, 0 violations" in out and "rules of the engines' tables" in out
    assert json.loads(keep.read_text())["next_seed"] == 4
    assert cli.main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == 0 and set(told["struck"]) == set(KINDS)
    keep.write_text("{")
    assert cli.main(words) == 2
    assert "no file that a swarm has kept" in capsys.readouterr().err


def test_kinds_that_never_struck_and_rules_that_never_fired_are_named() -> None:
    tally = SwarmTally()
    result = {
        "digest": "d",
        "violations": [],
        "struck": {"paused": 2},
        "fired": {"join: a": 0, "join: b": 3},
    }
    tally.add(swarm_run(1), result)
    assert tally.idle_rules() == ["join: a"]
    assert "paused" not in tally.idle_kinds() and "flooded" in tally.idle_kinds()
    assert len(KINDS) >= 25


def test_every_kind_is_one_that_can_be_counted() -> None:
    names = {*record.FAULTS, *(f"lost: {each}" for each in record.LOSSES)}
    others = {"cut, unheard", "cut, deaf", "half-open link, up", "half-open link, down"}
    others |= {"delay spike", "overtaken", "duplicate", "corrupted"}
    assert {name.removeprefix("host ") for name in KINDS} <= names | others


# --- kinds that strike several machines ---


def test_swapped_addresses_lead_to_the_other_one() -> None:
    air, loop, got = network()
    air.swap_addresses(1, 2)
    air.send(1, 0, DATA)
    air.send(2, 0, DATA)
    loop.run(1_000_000)
    assert sorted(source for source, _ in got) == [1, 2]
    assert air._number_of(1) == 2 and air._number_of(2) == 1
    air.readdress(2)  # which had 1's
    assert air._number_of(1) == -2 and air._number_of(2) == 1
    air.swap_addresses(1, 2)
    assert air._number_of(2) == 2


def test_a_wire_that_stalls_gives_everything_at_once() -> None:
    air, loop, _ = network()
    came: list[tuple[int, bytes]] = []
    air.listen(1, lambda data, source: came.append((loop.now_us, data)))
    air.stall_wire(0, 500_000)
    for number in range(3):
        loop.run(number * 100_000)
        air.wire(0, 1, bytes([number]))
    loop.run(499_000)
    assert came == []
    loop.run(1_000_000)
    assert [data[0] for _, data in came] == [0, 1, 2] and len({at_us for at_us, _ in came}) == 1
    air.wire(0, 1, DATA)
    loop.run(1_001_000)
    assert len(came) == 4


OFTEN = {"first_ms": 500, "gap_ms_min": 1000, "gap_ms_max": 3000}
ONE_KIND: dict[str, dict[str, Any]] = {
    "addresses swapped": {"machine": {"address_swaps_per_minute_percent": 300}},
    "heap exhausted": {"machine": {"heap_exhaustions_per_minute_percent": 300}},
    "access point restarted": {
        "points": {**OFTEN, "silent_ms_min": 500, "silent_ms_max": 3000, "share_percent": 60}
    },
    "twin came": {
        "twin": {**OFTEN, "of": 2, "stays_ms_min": 1000, "stays_ms_max": 3000},
        "calm": {"lasts_ms": 86_000},
        "duration_s": 100,
    },
    "wire stalled": {
        "wire": {**OFTEN, "lasts_ms_min": 500, "lasts_ms_max": 4000},
        "standbys": 2,
    },
    "killed while writing": {
        "disk": {
            **OFTEN,
            "lasts_ms_min": 3000,
            "lasts_ms_max": 4000,
            "slow_percent": 0,
            "killed_percent": 100,
        },
        "leader": {
            **OFTEN,
            "absent_ms_min": 1000,
            "absent_ms_max": 3000,
            "resign_percent": 0,
            "disk_lost_percent": 0,
        },
        "standbys": 2,
    },
}


@pytest.mark.parametrize("kind", ONE_KIND)
def test_a_venue_recovers_from_each_kind_alone(kind: str) -> None:
    quiet = dict.fromkeys(Machine().model_dump(), 0) | {
        "pause_ms_min": 0, "pause_ms_max": 0, "half_open_ms_min": 0, "half_open_ms_max": 0,
        "clock_step_ms_max": 0,
    }  # fmt: skip
    facts = dict(ONE_KIND[kind])
    if "machine" in facts:
        facts["machine"] = {**quiet, **facts["machine"]}
    result = run(calm_run(speech={**TALKS, "talkers_percent": 60}, **facts))
    assert result["violations"] == []
    assert result["struck"][kind] > 0
