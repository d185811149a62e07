"""`pressel sim`: what it prints, and with which code it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.patience import PATIENCE_S

from pressel import cli
from pressel.errors import UsageError
from pressel.sim import commit as commits
from pressel.sim import workers
from pressel.sim.choice import Choice, combinations, dealt, seeds_of, specs_of
from pressel.sim.figures import print_result
from pressel.sim.profiles import profile_names
from pressel.sim.scenarios import scenario_names
from pressel.sim.workers import Interpreter

RESULT = ("scenario", "profile", "protocol", "participants", "seed", "seal", "commit", "digest")
# A worker in whose runs seed 2 breaks a promise and seed 3 breaks down.
SCRIPT = """
import json, sys
for line in sys.stdin:
    spec = json.loads(line)
    seed = spec["seed"]
    if seed == 3:
        raise ValueError("broken down")
    print(json.dumps({
        "scenario": spec["scenario"]["name"], "profile": spec["profile"]["name"],
        "protocol": spec["protocol"], "participants": spec["participants"], "seed": seed,
        "seal": "stand-in", "digest": "d", "virtual_s": 48.0, "wall_s": 0.1, "events": 9, "kpis": {
            "access_ms": {"p50": 1.0, "p95": 99.0, "p99": 99.0, "max": 99.0, "n": 4},
            "failover_ms": None, "double_talk_ms": 0.0, "queue_depth": None},
        "violations":
            [{"checker": "one_voice", "at_ms": 1500, "what": "two at [B1]"}] * (seed == 2),
    }), flush=True)
"""


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers as in SCRIPT."""
    fake = Interpreter("cpython", (sys.executable, "-c", SCRIPT), dict(os.environ))
    monkeypatch.setattr(workers, "interpreters", lambda: [fake])


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- list ---


def test_list_shows_all_with_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "list"]) == 0
    shown = capsys.readouterr().out
    for name in (*scenario_names(), *profile_names()):
        assert name in shown
    assert "everybody presses in the same instant" in shown


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "list", "--json"]) == 0
    (facts,) = rows(capsys)
    assert [each["name"] for each in facts["scenarios"]] == scenario_names()
    assert all(each["why"] for each in facts["profiles"])


# --- run ---


def test_run_gives_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sim", "run", "one-talker", "--participants", "3", "--seed", "4", "--json"]
    assert cli.main(words) == 0
    (result,) = rows(capsys)
    assert tuple(result)[: len(RESULT)] == RESULT
    assert (result["participants"], result["seed"], result["profile"]) == (3, 4, "clean")
    assert result["violations"] == []
    assert result["kpis"]["access_ms"]["n"] == 1
    assert result["kpis"]["failover_ms"] is None  # no leader was killed
    assert cli.main(words) == 0
    assert rows(capsys)[0]["digest"] == result["digest"]


def test_run_shows_figures_and_targets(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "run", "one-talker", "--participants", "3"]) == 0
    shown = capsys.readouterr().out
    assert "press to permission" in shown
    assert "p95 <= 60 ms" in shown and "kept" in shown
    assert "nothing that must never be was seen" in shown


@pytest.mark.usefixtures("faulty")
def test_a_violation_ends_in_4_and_says_how_to_replay(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "run", "burst", "--seed", "2"]) == 4
    shown = capsys.readouterr().out
    assert "1 violation" in shown
    assert "1.500 s  one_voice: two at [B1]" in shown  # not taken for markup
    assert "pressel sim replay burst --participants 25 --profile clean" in shown
    assert cli.main(["sim", "run", "burst", "--seed", "2", "--json"]) == 4


@pytest.mark.usefixtures("faulty")
def test_a_missed_target_is_shown_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "run", "burst", "--seed", "1"]) == 0
    shown = capsys.readouterr().out
    assert "missed" in shown  # 99 ms is above 60
    assert "–" in shown  # and what a run cannot give is no 0


@pytest.mark.usefixtures("faulty")
def test_a_run_that_breaks_down_shows_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "run", "burst", "--seed", "3"]) == 1
    said = capsys.readouterr().err
    assert "burst on clean, 25 participants, v2, seed 3," in said
    assert "ValueError: broken down" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nap"], "no scenario is called 'nap'; known are"),
        (["run", "burst", "--profile", "moon"], "no network profile is called 'moon'"),
        (["run", "burst", "--participants", "-1"], "not in the range 2<=x<=250"),
        (["run", "burst", "--participants", "251"], "not in the range"),
        (["run", "burst", "--seed", "-3"], "not in the range"),
        (["run", "burst", "--protocol", "v3"], "v3"),
        (["run", "burst", "--participants", "3", "--virtual-badges", "4"], "more than 3 part"),
        (["run", "burst", "--real", "--python", "cpython"], "leave it out with --real"),
        (["sweep"], "--seeds"),
        (["sweep", "--seeds", "5..1"], "5 is above 1"),
        (["sweep", "--seeds", "1...3"], "no range of seeds"),
        (["sweep", "--seeds", "-1..3"], "no range of seeds"),
        (["sweep", "--seeds", "all"], "no range of seeds"),
        (["sweep", "--seeds", "1..99999999999"], "seeds go up to"),
        (["sweep", "--seeds", "1..1000000"], "at most 1,000,000 go at once"),
        (["sweep", "--seeds", "1", "--profile", "moon"], "no network profile"),
        (["replay", "burst", "--from", "3", "--to", "2"], "--to 2 is not after --from 3"),
        (["replay", "burst", "--nodes", "1,x"], "names no nodes"),
        (["replay", "burst", "--nodes", "99"], "nodes go from 0, the leader, to 25"),
        (["replay", "burst", "--from", "999"], "after the end of the run"),
        (["replay", "burst", "--html", "/nowhere/at/all.html"], "cannot be written"),
    ],
)
def test_what_makes_no_sense_ends_in_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sim", *words]) == 2
    captured = capsys.readouterr()
    assert said in captured.err.replace("\n", " ")
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_broken_profile_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('why = "x"\n[hop]\ndelay_ms = [5, 1]\n')
    assert cli.main(["sim", "run", "burst", "--profile", str(file)]) == 2
    assert f"{file}: hop.delay_ms: the first must not be" in capsys.readouterr().err


# --- sweep ---


def test_a_sweep_runs_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sim", "sweep", "--seeds", "1..2", "--participants", "3", "--json"]
    words += ["--scenario", "burst", "--scenario", "one-talker", "--profile", "wire"]
    assert cli.main(words) == 0
    *results, last = rows(capsys)
    found = {(each["scenario"], each["seed"]) for each in results}
    assert found == {(name, seed) for name in ("burst", "one-talker") for seed in (1, 2)}
    assert len(last.pop("digest")) == 32
    assert last == {"runs": 4, "violations": 0, "failing": []}


@pytest.mark.usefixtures("faulty")
def test_failing_seeds_come_with_the_command_that_replays_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["sim", "sweep", "--seeds", "1..4", "--scenario", "burst", "--profile", "busy"]
    assert cli.main(words) == 4
    captured = capsys.readouterr()
    command = "pressel sim replay burst --participants 25 --profile busy --protocol v2 --seed"
    lines = captured.out.splitlines()
    assert f"{command} 2  # one_voice at 1.500 s: two at [B1]" in lines
    assert f"{command} 3  # broke down: ValueError: broken down" in lines
    assert lines[-1].startswith("4 runs, 2 failing, 1 violation, digest ")
    assert "Traceback" in captured.err

    assert cli.main([*words, "--json"]) == 4
    *results, last = rows(capsys)
    assert [each["seed"] for each in results if each["violations"]] == [2]
    assert (last["runs"], last["violations"]) == (4, 1)
    assert [each["seed"] for each in last["failing"]] == [2, 3]
    assert last["failing"][0]["replay"] == f"{command} 2"


@pytest.mark.usefixtures("faulty")
def test_a_sweep_in_which_runs_only_broke_down_ends_in_1() -> None:
    assert cli.main(["sim", "sweep", "--seeds", "3", "--scenario", "burst"]) == 1


def heed_interrupts() -> None:
    """A shell that started the tests in the background lets its children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_sweep_that_is_interrupted_ends_in_130_and_leaves_nothing() -> None:
    words = ["sim", "sweep", "--seeds", "1..5000", "--participants", "2", "--json"]
    words += ["--scenario", "one-talker", "--profile", "wire"]
    with subprocess.Popen(
        [sys.executable, "-m", "pressel", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
        preexec_fn=heed_interrupts,
    ) as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())  # it is at work
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the foreground
        said = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 130
    assert said.endswith("pressel: interrupted\n") and "Traceback" not in said
    assert children
    assert psutil.wait_procs(children, timeout=PATIENCE_S)[1] == []


# --- choices ---


def test_seeds() -> None:
    assert list(seeds_of("7")) == [7]
    assert list(seeds_of("1..3")) == [1, 2, 3]
    with pytest.raises(UsageError):
        seeds_of("²")  # a digit to Python, and none to people


def test_all_of_a_seed_comes_before_the_next() -> None:
    choices = combinations(["a", "b"], ["p"], [5], ["v1", "v2"], range(1, 3))
    assert [each.seed for each in choices] == [1] * 4 + [2] * 4
    assert len(set(choices)) == 8


def test_a_deal_has_every_scenario_once_a_seed_and_all_pairs_in_turn() -> None:
    scenarios, profiles = ["a", "b", "c", "d"], ["p", "q", "r"]
    for seed in (1, 900_000):
        choices = combinations(scenarios, profiles, [5], ["v2"], range(seed, seed + 3))
        hands = dealt(choices)
        for each in range(seed, seed + 3):
            of_seed = [choice for choice in hands if choice.seed == each]
            assert [choice.scenario for choice in of_seed] == scenarios
            assert {choice.profile for choice in of_seed} == set(profiles)
        assert len({(choice.scenario, choice.profile) for choice in hands}) == 12


@pytest.mark.usefixtures("faulty")
def test_a_dealt_sweep_runs_each_scenario_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sim", "sweep", "--seeds", "1", "--deal", "--json"]) == 0
    *results, last = rows(capsys)
    assert sorted(each["scenario"] for each in results) == sorted(scenario_names())
    assert {each["profile"] for each in results} == set(profile_names())
    assert last["runs"] == len(scenario_names())


def test_runs_of_one_kind_share_their_facts() -> None:
    first, second = specs_of([Choice("burst", seed=1), Choice("burst", seed=2)])
    assert (first["seed"], second["seed"]) == (1, 2)
    assert first["scenario"] is second["scenario"]


def test_a_replay_command_survives_any_file_name() -> None:
    command = Choice("my file.toml").replay_command()
    assert "'my file.toml'" in command


# --- the source ---


def test_the_commit_of_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True, capture_output=True)

    def found() -> str | None:
        return commits.commit.__wrapped__()

    monkeypatch.setattr(commits, "_TREE", tmp_path.resolve())
    assert found() is None  # no checkout
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "file").write_text("a")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    digits = found()
    assert digits is not None and len(digits) == 12
    (tmp_path / "host" / "file").write_text("b")
    assert found() == digits + "+"
    monkeypatch.setattr(commits, "_TREE", tmp_path / "host")
    assert found() is None  # inside somebody else's
    monkeypatch.setenv("PATH", "")
    assert found() is None


def test_figures_that_nobody_knows_yet_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    result = {name: "x" for name in RESULT} | {
        "virtual_s": 1.0, "wall_s": 0.0, "events": 1, "violations": [], "commit": None,
        "kpis": {"new_thing_ms": {"p50": 3.0, "n": 1}, "new_count": 5},
    }  # fmt: skip
    print_result(result, Console())
    shown = capsys.readouterr().out
    assert "new thing ms" in shown and "new count" in shown
