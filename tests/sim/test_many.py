"""Voice that goes once to many, in the simulated venue: with an insider who forges it, badges that
go deaf amid a burst, and faults that the checkers must see."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.mutants import CAUGHT_BY_MANY, nothing_sent_again, replaced

from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import load_scenario
from pressel.sim.world import record
from pressel.sim.world import run as running
from pressel.sim.world.air.network import MANY
from pressel.sim.world.record import SENT
from pressel.sim.world.world import World
from ptt.base.clock import NEVER
from ptt.multicast.watch import Watch
from ptt.proof import layout
from ptt.wire import envelope, messages

SETTLED_MS = 14_000
PARTICIPANTS = 9


def spec(profile: str = "airtime", talk_ms: int = 3000, **wifi: Any) -> dict[str, Any]:
    scenario = {**load_scenario("crowd").resolved(), "duration_s": 19}
    scenario["speech"] = {**scenario["speech"], "hold_ms_min": talk_ms, "hold_ms_max": talk_ms}
    resolved = load_profile(profile).resolved()
    resolved["wifi"] = {**resolved["wifi"], **wifi}
    return {
        "scenario": scenario,
        "profile": resolved,
        "participants": PARTICIPANTS,
        "protocol": "v2",
        "seed": 3,
    }


class Insider:
    """Hears all that is sent to many, and says the same at once, as far as it can: with other
    frames, since it has the group's key."""

    def __init__(self, world: World) -> None:
        self._send = world.network.send
        self.sent = 0
        for node in world.nodes.values():
            node._transmit = self.send

    def send(self, source: int, destination: int, data: Any) -> None:
        if destination == MANY and data[1] == messages.MULTICAST_VOICE:
            copy = bytearray(data)
            copy[layout.VOICE_AT + 14 + 84 + 3] ^= 0x15  # of the mark in it: another frame
            envelope.put_crc(copy, envelope.header_crc(copy, envelope.payload_crc(copy)))
            self.sent += 1
            self._send(1, destination, bytes(copy))
        self._send(source, destination, data)


def play(facts: dict[str, Any], prepare: Any = None) -> dict[str, Any]:
    """A run whose world `prepare` may change first."""
    if prepare is None:
        return running.run(facts)
    original = running.World

    def made(*args: Any, **more: Any) -> World:
        world = original(*args, **more)
        prepare(world)
        return world

    with replaced(running, "World", made):
        return running.run(facts)


def half_go_deaf(world: World) -> None:
    """In the middle of the burst."""

    def deaf(_: Any) -> None:
        for station in range(1, world.participants + 1, 2):
            world.network.go_deaf(station)

    world.loop.at((SETTLED_MS + 1_500) * 1000, deaf, None)


def seen(result: dict[str, Any]) -> set[str]:
    return {each["checker"] for each in result["violations"]}


def test_once_for_all_and_no_checker_complains() -> None:
    once: list[int] = []

    def count(world: World) -> None:
        world.record.watch(
            SENT, lambda now_us, node, to, size, data: once.append(to) if to == MANY else None
        )

    result = play(spec(), count)
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] == 0
    assert 150 < len(once) < 250  # 3 s of voice, and probes with their keys


def test_half_go_deaf_and_no_word_is_lost() -> None:
    result = play(spec(), half_go_deaf)
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] == 0


def test_who_asks_while_the_talker_is_silent_stays_with_the_others() -> None:
    """Nothing was said that it misses: what it loses later, it loses of what goes to all."""
    asked: list[int] = []

    def prepare(world: World) -> None:
        talkers: set[int] = set()

        def note(now_us: int, node: int, to: int, size: int, data: Any) -> None:
            if data[1] == messages.VOICE_FRAME and not world.nodes[node].is_wired:
                talkers.add(node)

        def note_arrived(now_us: int, node: int, source: int, size: int, data: Any) -> None:
            if data[1] == messages.MULTICAST_MISSED:
                asked.append(source)

        def leave(at_ms: int, lasts_ms: int, *, is_talker: bool) -> None:
            def go(_: Any) -> None:
                for station in range(1, world.participants + 1):
                    if (station in talkers) == is_talker:
                        world.network.roam(station, lasts_ms * 1000)

            world.loop.at((SETTLED_MS + at_ms) * 1000, go, None)

        world.record.watch(SENT, note)
        world.record.watch(record.DELIVERED, note_arrived)
        leave(1000, 440, is_talker=True)
        leave(1150, 255, is_talker=False)  # miss the keys that are told meanwhile, and ask
        leave(2000, 350, is_talker=False)

    result = play(spec(), prepare)
    assert len(set(asked)) == PARTICIPANTS - 1
    assert result["kpis"]["frame_loss"] > 0
    assert result["violations"] == []


def test_an_insiders_frames_are_heard_by_nobody() -> None:
    insiders: list[Insider] = []
    result = play(spec(), lambda world: insiders.append(Insider(world)))
    assert result["violations"] == []
    assert insiders[0].sent > 100
    assert result["kpis"]["frame_loss"] == 0


def test_bad_multicast_loses_one_frame_in_a_hundred_at_most() -> None:
    result = play(spec("many"))
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] < 0.02  # of 1,200 frames


def test_access_points_that_forget_amid_the_burst_or_convert() -> None:
    odd: tuple[dict[str, Any], ...] = ({"snooping_us": 15_600_000}, {"multicast_to_unicast": 1})
    for facts in odd:
        result = play(spec(**facts))
        assert result["violations"] == []
        assert result["kpis"]["frame_loss"] == 0, facts


def everybody_moves(count: int, points: int = 4, talk_ms: int = 10_000) -> dict[str, Any]:
    """Each comes to another access point once in ten seconds, amid one burst, and is silent there
    for 0.3 to 1.5 s; of multicast, 5 % are lost."""
    facts = spec("many", talk_ms=talk_ms, access_points=points, deaf_percent=0)
    roam = {"per_minute_percent": 600, "silent_ms_min": 300, "silent_ms_max": 1500}
    facts["scenario"] = {**facts["scenario"], "roam": roam, "duration_s": 18 + talk_ms // 1000}
    return {**facts, "participants": count}


def nobody_asks() -> Any:
    """Who hears nothing any more waits for it."""
    return replaced(Watch, "next_timeout_ms", lambda self: NEVER)


def deaf_where_it_comes(world: World) -> None:
    """Whoever moves hears no multicast at its new place: its membership was not renewed."""

    def note(now_us: int, node: int, kind: int, b: int, detail: Any) -> None:
        if kind == record.ROAMED:
            world.network.go_deaf(node)

    world.record.watch(record.FAULT, note)


def test_who_moves_amid_a_burst_hears_it_again() -> None:
    facts = everybody_moves(12, talk_ms=5000)
    assert play(facts)["violations"] == []
    result = play(facts, deaf_where_it_comes)
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] < 0.12  # of ten seconds they are away for nearly one
    with nobody_asks():
        assert play(facts, deaf_where_it_comes)["kpis"]["frame_loss"] > 0.2
    with nothing_sent_again():
        assert "no lost move" in seen(play(facts, deaf_where_it_comes))


@pytest.mark.proof
def test_a_hundred_change_the_access_point_within_ten_seconds() -> None:
    result = play(everybody_moves(100))
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] < 0.12


@pytest.mark.proof
def test_half_of_a_hundred_go_deaf_amid_a_word() -> None:
    result = play({**spec(talk_ms=4000), "participants": 100}, half_go_deaf)
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] < 0.01


def test_planted_faults_are_caught() -> None:
    for mutant, (prepare, wanted) in CAUGHT_BY_MANY.items():
        with mutant():
            found = seen(play(spec(), {"insider": Insider, "deaf": half_go_deaf}[prepare]))
        assert found & wanted, mutant.__name__
