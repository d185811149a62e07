"""Scenarios: what ships can be run, and what is wrong is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pressel.errors import UsageError
from pressel.sim.scenarios import load_scenario, read_scenario, scenario_names
from pressel.sim.world.plan import Plan
from ptt.base.prng import Prng

TIMES = "duration_s = 10\nsettle_s = 2\n"


def steps(name: str, participants: int = 10) -> list[Any]:
    return Plan(load_scenario(name).resolved(), participants, Prng(3)).steps


def test_the_promised_scenarios_are_there() -> None:
    names = "one-talker burst all-press churn roam leader-kill partition mixed"
    assert set(names.split()) <= set(scenario_names())


@pytest.mark.parametrize("name", scenario_names())
@pytest.mark.parametrize("participants", [2, 250])
def test_each_can_be_planned_at_any_size(name: str, participants: int) -> None:
    scenario = load_scenario(name)
    assert 10 <= scenario.duration_s <= 60  # a sweep runs hundreds of them
    planned = steps(name, participants)
    assert any(step[1] == "talk" for step in planned)
    starts = [step[0] for step in planned]
    assert min(starts) >= scenario.settle_s * 1_000_000


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("churn", "crash"),
        ("roam", "roam"),
        ("leader-kill", "resign"),
        ("partition", "cut"),
        ("mixed", "step_clock"),
        ("mixed", "lose_memory"),
        ("mixed", "pause"),
        ("mixed", "cut"),
    ],
)
def test_a_scenario_does_what_it_is_named_for(name: str, action: str) -> None:
    planned = [Plan(load_scenario(name).resolved(), 50, Prng(seed)).steps for seed in range(1, 9)]
    assert any(step[1] == action for each in planned for step in each)


def test_one_talker_speaks_for_half_a_minute() -> None:
    talks = [step for step in steps("one-talker") if step[1] == "talk"]
    assert [step[3] for step in talks] == [30_000_000]


def test_all_press_is_in_one_instant() -> None:
    talks = [step for step in steps("all-press", 20) if step[1] == "talk"]
    first = [step for step in talks if step[0] == talks[0][0]]
    assert {step[2] for step in first} == set(range(1, 21))


def test_the_leader_dies_while_somebody_talks() -> None:
    for seed in range(1, 6):
        plan = Plan(load_scenario("leader-kill").resolved(), 10, Prng(seed)).steps
        talks = [(step[0], step[0] + step[3]) for step in plan if step[1] == "talk"]
        deaths = [step[0] for step in plan if step[1] in ("crash", "resign")]
        assert any(start < death < end for death in deaths for start, end in talks)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('why = ""\n' + TIMES, "why: "),
        ('why = "x"\nduration_s = 5\nsettle_s = 5\n', "settle_s must be less than duration_s"),
        ('why = "x"\nduration_s = -5\nsettle_s = 0\n', "duration_s: should be greater than 0"),
        ('why = "x"\n' + TIMES + '[speech]\npattern = "sing"\n', "speech.pattern: should be 'one'"),
        (
            'why = "x"\n' + TIMES + '[speech]\npattern = "random"\nhold_ms = [1, 2]\n',
            "speech: the pattern 'random' needs gap_ms above 0",
        ),
        ('why = "x"\n' + TIMES + "[earthquake]\n", "earthquake: no such key; there are why, dur"),
        (
            'why = "x"\n' + TIMES + "[churn]\nper_minute_percent = 10\nabsent_ms = [1, 2, 3]\n",
            "churn.absent_ms: must be two numbers",
        ),
        (
            'why = "x"\n' + TIMES + "[churn]\nper_minute_percent = 10\nabsent = 3\n",
            "churn.absent: no such key; there are per_minute_percent, absent_ms",
        ),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError) as refused:
        read_scenario(file)
    assert words in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_name_that_is_none_lists_those_that_are() -> None:
    with pytest.raises(UsageError, match="no scenario is called 'nap'; known are: all-press"):
        load_scenario("nap")
