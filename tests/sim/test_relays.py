"""Relays in the simulated venue: killed, slow, and lying about what they have to do."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.mutants import CAUGHT_BY_RELAYS, relay_keeps_its_key, replaced

from pressel.sim.choice import Choice
from pressel.sim.world import run as running
from pressel.sim.world.record import FAULTS, SENT
from pressel.sim.world.venue import LEADER
from pressel.sim.world.world import World
from ptt.wire.messages import VOICE_FRAME

PARTICIPANTS = 8
FAULTS_AT_MS = 12_000


def spec(fault: str | None, profile: str = "wire") -> dict[str, Any]:
    """One long burst, in whose midst `fault` meets both standbys."""
    facts = Choice("relays", profile, PARTICIPANTS, seed=3, seal="stand-in").spec()
    scenario = {**facts["scenario"], "duration_s": 19}
    speech = {**scenario["speech"], "pattern": "one", "hold_ms_min": 5000, "hold_ms_max": 5000}
    scenario["speech"] = speech
    relays = dict(scenario.pop("relays"))
    if fault is not None:
        relays.update(first_ms=FAULTS_AT_MS - 10_000, gap_ms_min=0, gap_ms_max=0)
        relays.update(lasts_ms_min=1500, lasts_ms_max=1500)
        relays["slow_percent"] = 100 if fault == "slow" else 0
        relays["lies_percent"] = 100 if fault == "lies" else 0
        scenario["relays"] = relays
    return {**facts, "scenario": scenario}


def play(facts: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """A run's result, and how many copies of voice standbys have sent in it."""
    relayed: list[int] = []
    original = running.World

    def made(*args: Any, **more: Any) -> World:
        world = original(*args, **more)

        def count(now_us: int, node: int, to: int, size: int, data: Any) -> None:
            if data[1] == VOICE_FRAME and world.nodes[node].is_wired and node != LEADER:
                relayed.append(node)

        world.record.watch(SENT, count)
        return world

    with replaced(running, "World", made):
        return running.run(facts), len(relayed)


def test_relays_send_to_all_but_two() -> None:
    result, relayed = play(spec(None))
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] == 0
    assert relayed > 250 * (PARTICIPANTS - 3)


@pytest.mark.parametrize("fault", ["killed", "slow", "lies"])
def test_no_word_is_lost_with_a_relay(fault: str) -> None:
    result, relayed = play(spec(fault))
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] == 0
    assert relayed > 100


@pytest.mark.proof
@pytest.mark.parametrize("profile", ["clean", "airtime", "stress", "hostile"])
def test_relays_on_a_bad_evening(profile: str) -> None:
    for seed in (1, 2, 3):
        facts = Choice("relays", profile, PARTICIPANTS, seed=seed).spec()
        assert running.run(facts)["violations"] == [], seed


def test_planted_faults_are_caught() -> None:
    for mutant, wanted in CAUGHT_BY_RELAYS.items():
        with mutant():
            found = {each["checker"] for each in play(spec("killed"))[0]["violations"]}
        assert found & wanted, mutant.__name__


def test_a_relay_that_comes_back_numbers_anew_under_another_key() -> None:
    """It has served badly, so it gets listeners again after ten seconds."""
    facts = spec("killed")
    speech = {
        **facts["scenario"]["speech"],
        "pattern": "turns",
        "gap_ms_min": 500,
        "gap_ms_max": 900,
    }
    facts["scenario"] = {**facts["scenario"], "duration_s": 36, "speech": speech}
    assert play(facts)[0]["violations"] == []
    with relay_keeps_its_key():
        found = {each["checker"] for each in play(facts)[0]["violations"]}
    assert "one number" in found


def test_a_relays_faults_have_names() -> None:
    assert {"relay slow", "relay lies"} <= set(FAULTS)
