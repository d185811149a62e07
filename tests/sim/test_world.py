"""Whole runs: people, the script, and machines that pause, crash or have no memory."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.sim.facts import profile, spec

from pressel.sim.world import record
from pressel.sim.world.checkers.accounts import Accounts
from pressel.sim.world.kpis.hearing import Hearing
from pressel.sim.world.people import marker
from pressel.sim.world.world import World
from ptt.base import events


class Watch:
    """Keeps the records of some kinds."""

    def __init__(self, world: World, *kinds: int) -> None:
        self.kept: list[tuple[int, int, int, int, int, Any]] = []
        for kind in kinds:
            world.record.watch(kind, self._keeper(kind))

    def _keeper(self, kind: int) -> record.Watcher:
        def keep(now_us: int, node: int, a: int, b: int, detail: Any) -> None:
            self.kept.append((now_us, kind, node, a, b, detail))

        return keep

    def of(self, kind: int) -> list[tuple[int, int, int, int, int, Any]]:
        return [each for each in self.kept if each[1] == kind]

    def events(self, kind: int) -> list[tuple[int, int, Any]]:
        """(time, node, value) of each event of `kind`."""
        return [(each[0], each[2], each[5]) for each in self.of(record.EVENT) if each[3] == kind]


def test_all_listeners_play_every_frame_that_was_spoken() -> None:
    world = World(spec(5))
    watch = Watch(world, record.SPOKEN, record.PLAYED)
    world.run()
    spoken = [marker.frame_id(each[2], each[3], each[4]) for each in watch.of(record.SPOKEN)]
    assert len(spoken) in (150, 151)  # three seconds
    talker = watch.of(record.SPOKEN)[0][2]
    for node in range(1, 6):
        heard = [each[3] for each in watch.of(record.PLAYED) if each[2] == node]
        assert heard == ([] if node == talker else spoken)


def test_with_room_every_frame_is_heard_too_and_the_last_much_sooner() -> None:
    """What was kept until the grant came makes all that follows late; nobody pauses here."""
    slow = profile(delay_min_us=60_000, delay_max_us=75_000)
    heard: dict[bool, list[list[int]]] = {}
    delays_ms = {}
    for is_smooth in (False, True):
        world = World(spec(3, profile=slow, smooth=is_smooth))
        accounts, hearing = Accounts(world), Hearing(world)
        watch = Watch(world, record.PLAYED)
        world.run()
        accounts.finish()
        assert world.violations == []
        played = watch.of(record.PLAYED)
        heard[is_smooth] = [[each[3] for each in played if each[2] == n] for n in range(1, 4)]
        delays_ms[is_smooth] = hearing.figures()["mouth_to_ear_ms"]["p50"]
    assert heard[True] == heard[False]
    assert sum(map(len, heard[True])) in (300, 302)
    assert delays_ms[True] < delays_ms[False] - 20


def test_a_burst_that_breaks_off_is_told_before_more_of_it_comes() -> None:
    """What the smooth playout still holds of it sounds on meanwhile."""
    held_up = profile(delay_min_us=60_000, delay_max_us=75_000, spike_ppm=15_000, spike_us=800_000)
    speech = {"pattern": "one", "hold_ms_min": 9000, "hold_ms_max": 9000}
    world = World(
        spec(6, profile=held_up, speech=speech, duration_s=14, seal="stand-in", smooth=True)
    )
    accounts = Accounts(world)
    watch = Watch(world, record.EVENT)
    world.run()
    accounts.finish()
    assert len(watch.events(events.HEARD)) > 5  # some broke off
    assert world.violations == []


def test_another_python_process_would_do_the_same() -> None:
    one, two, three = World(spec(4)), World(spec(4)), World(spec(4, seed=2))
    for world in (one, two, three):
        world.run()
    assert one.record.digest() == two.record.digest() != three.record.digest()
    assert one.loop.events == two.loop.events


def test_whoever_is_queued_waits_in_silence_and_then_says_it_all() -> None:
    speech = {
        "pattern": "together", "hold_ms_min": 1500, "hold_ms_max": 1500,
        "gap_ms_min": 60_000, "gap_ms_max": 60_000,
    }  # fmt: skip
    world = World(spec(3, speech=speech, duration_s=12))
    watch = Watch(world, record.EVENT, record.SPOKEN, record.PLAYED, record.TALKING)
    world.run()
    assert len(watch.events(events.GRANTED)) == 3
    by_talker = Counter(marker.talker_of(each[3]) for each in watch.of(record.PLAYED))
    assert len(by_talker) == 3
    assert all(count in (2 * 75, 2 * 76) for count in by_talker.values())
    talking = 0
    for each in watch.of(record.TALKING):
        talking += 1 if each[3] else -1
        assert talking <= 1


def test_a_paused_badge_keeps_six_datagrams_and_loses_the_rest() -> None:
    world = World(spec(2))
    watch = Watch(world, record.LOST, record.SPOKEN, record.DELIVERED)
    world.loop.at(4_000_000, lambda _: listener(world, watch).pause())
    world.loop.at(5_000_000, lambda _: listener(world, watch).resume())
    world.run()
    lost = [each for each in watch.of(record.LOST) if each[4] == record.BY_MAILBOX]
    assert 35 < len(lost) < 50  # 50 packets came in that second
    at_once = [each for each in watch.of(record.DELIVERED) if each[0] == 5_000_000]
    assert len(at_once) == 6


def test_a_press_that_waits_ends_when_the_button_goes_up_during_a_pause() -> None:
    """Else the badge gets the floor in its turn, and nobody lets it go."""
    world = World(spec(2))
    watch = Watch(world, record.SPOKEN, record.TALKING, record.LET_GO)
    for at_us, act in (
        (4_000_000, lambda node: node.person.talk(1_000_000)),
        (4_500_000, lambda node: node.pause()),
        (4_600_000, lambda node: node.person.give_up()),
        (5_000_000, lambda node: node.resume()),
    ):
        world.loop.at(at_us, lambda act: act(listener(world, watch)), act)
    world.run()
    talker = watch.of(record.SPOKEN)[0][2]
    assert 3 - talker in [each[2] for each in watch.of(record.LET_GO)]
    assert {each[2] for each in watch.of(record.TALKING)} == {talker}


def listener(world: World, watch: Watch) -> Any:
    talker = watch.of(record.SPOKEN)[0][2]
    return world.nodes[3 - talker]


def test_a_radio_without_memory_drops_and_goes_on() -> None:
    world = World(spec(2))
    watch = Watch(world, record.LOST)
    for node in (1, 2):
        world.loop.at(4_000_000, lambda number: world.nodes[number].lose_memory(5), node)
    world.run()
    dropped = [each[2] for each in watch.of(record.LOST) if each[4] == record.BY_MEMORY]
    assert Counter(dropped).most_common(1)[0][1] == 5


def test_a_crashed_badge_joins_again_as_somebody_new() -> None:
    churn = {
        "per_minute_percent": 6_00, "absent_ms_min": 300, "absent_ms_max": 300,
        "disk_lost_percent": 0,
    }  # fmt: skip
    world = World(spec(4, churn=churn))
    watch = Watch(world, record.EVENT, record.STARTED)
    world.run()
    again = [each for each in watch.of(record.STARTED) if each[3] == 1]
    assert again
    assert len(watch.events(events.JOINED)) >= 4 + len({each[2] for each in again})


def test_a_leader_comes_back_with_a_higher_term() -> None:
    leader = {
        "first_ms": 1000, "resign_percent": 0, "disk_lost_percent": 50, "absent_ms_min": 700,
        "absent_ms_max": 700, "gap_ms_min": 2_000, "gap_ms_max": 2_000,
    }  # fmt: skip
    world = World(spec(3, leader=leader, duration_s=20))
    terms: list[int] = []

    def look(_: Any) -> None:
        engine: Any = world.nodes[0].engine
        terms.append(engine.term)
        world.loop.at(world.loop.now_us + 100_000, look)

    world.loop.at(500_000, look)
    world.run()
    assert terms == sorted(terms)
    assert len(set(terms)) > 3


def test_a_clock_that_is_stepped_does_no_harm_for_long() -> None:
    machine = {
        "pauses_per_minute_percent": 0, "pause_ms_min": 0, "pause_ms_max": 0,
        "clock_steps_per_minute_percent": 3_000, "clock_step_ms_max": 5_000,
        "no_memory_per_minute_percent": 0,
    }  # fmt: skip
    world = World(spec(3, machine=machine, duration_s=30))
    watch = Watch(world, record.EVENT, record.FAULT)
    world.run()
    assert watch.of(record.FAULT)
    for number in (1, 2, 3):
        node: Any = world.nodes[number]
        assert node.engine.join.state == 1


def test_loss_is_repaired_for_control_and_counted_for_voice() -> None:
    world = World(spec(3, profile=profile(loss_ppm=50_000)))
    watch = Watch(world, record.EVENT, record.PLAYED, record.CONCEALED)
    world.run()
    assert len(watch.events(events.GRANTED)) == 1
    assert watch.of(record.CONCEALED)
    assert len(watch.of(record.PLAYED)) > 2 * 150 * 0.85
