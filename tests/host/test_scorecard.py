"""The scorecard: what logs of hosts and badges count for, and what decides at a gate."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from pressel.cli.scorecard import scorecard as command
from pressel.errors import UsageError
from pressel.schema.scorecard import load_scorecard, scorecard, scorecard_path
from pressel.scorecard.card import BROKEN, GO, NO_GO, NOT_YET, UNKNOWN, judge
from pressel.scorecard.count import SHIFT_BURSTS_MIN, Count, count
from pressel.sim.report import rollout
from pressel.sim.report.__main__ import rollout_stale
from pressel.sim.scenarios import read_scenario
from pressel.trace.logs import Line

DAY_S = 86_400
NOON_S = time.mktime((2026, 3, 2, 12, 0, 0, 0, 0, -1))


def told(at_s: float, event: str, source: str = "a", **fields: Any) -> Line:
    return Line(source, event, fields, at_s=NOON_S + at_s)


def counted(*lines: Line, until_s: float = float("inf")) -> Count:
    return count("venue", lines, 0.0, until_s)


def burst(at_s: float, lease: int, source: str = "a", cause: str = "released") -> list[Line]:
    return [
        told(at_s, "floor_granted", source, lease=lease),
        told(at_s + 3, "floor_freed", source, lease=lease, cause=cause),
        told(at_s + 3.1, "receipt", source, lease=lease, listeners=4, heard=3, whole=2),
    ]


def test_bursts_and_shifts() -> None:
    lines = [line for n in range(SHIFT_BURSTS_MIN) for line in burst(10 * n, n)]
    lines += burst(DAY_S, 99, cause="revoked")  # one burst is no shift
    found = counted(*lines)
    assert (found.shifts, found.bursts) == (1, SHIFT_BURSTS_MIN + 1)
    assert found.found["cut_off"] == 1
    assert found.found["not_heard"] == SHIFT_BURSTS_MIN + 1
    assert found.wanted["not_heard"] == 4 * (SHIFT_BURSTS_MIN + 1)
    assert counted(*lines, until_s=NOON_S + 5).bursts == 1


def test_a_receipt_that_cannot_be_counts_for_what_can() -> None:
    found = counted(
        told(0, "receipt", lease=1, listeners=2, heard=9, whole=-1),
        told(1, "receipt", lease=1, listeners="2", heard=0, whole=0),
    )
    assert (found.found["not_heard"], found.wanted["not_heard"]) == (0, 2)


@pytest.mark.parametrize(
    ("lines", "crashes", "power_failures"),
    [
        ([told(0, "ready"), told(9, "stopped"), told(20, "ready")], 0, 0),
        ([told(0, "ready"), told(20, "ready")], 1, 0),
        ([told(0, "ready"), told(20, "ready", "b")], 0, 0),
        ([told(0, "ready", boot=7), told(20, "ready", boot=7)], 1, 0),
        ([told(0, "ready", boot=7), told(20, "ready", boot=8)], 0, 1),
        ([told(0, "ready", boot=7), told(9, "stopped"), told(20, "ready", boot=8)], 0, 0),
        ([told(0, "ready", boot=7), told(20, "ready", "b", boot=8)], 0, 0),
        ([told(0, "ready"), told(20, "ready", boot=8), told(30, "ready", boot=9)], 1, 1),
        ([told(0, "ready", boot=7), told(20, "ready", boot="8"), told(30, "ready", boot=8)], 2, 0),
        ([told(0, "badge_restarted", why="its supply failed for a moment")], 1, 0),
        ([told(0, "badge_restarted", why="it was switched on")], 0, 0),
    ],
)
def test_crashes(lines: list[Line], crashes: int, power_failures: int) -> None:
    """A program that ends alone is one; a machine that goes off takes a sound program with it."""
    found = counted(*lines).found
    assert (found["crashes"], found["power_failures"]) == (crashes, power_failures)


def test_empty_batteries_and_bundles_of_that_time(tmp_path: Path) -> None:
    lines = [told(n, "badge_empty", device="02", name="Ann", battery_percent=3) for n in (1, 2)]
    found = count("venue", lines, NOON_S, NOON_S + 2, [NOON_S - 1, NOON_S, NOON_S + 1, NOON_S + 2])
    assert (found.found["empty_batteries"], found.found["bundles"]) == (1, 2)
    venue = tmp_path / "venue"
    venue.mkdir()
    (venue / "a.log").write_text("")
    (venue / "card.html").write_text("<p>no bundle</p>")
    (venue / "old.html").write_bytes(b"\xff")
    made = {"format": 1, "made_at": int(NOON_S)}
    mark = '<script type="application/json" id="bundle">'
    (venue / "help.html").write_text(f"{mark}{json.dumps(made)}</script>", "utf-8")
    result = CliRunner().invoke(command, [str(venue), "--json"])
    (card,) = json.loads(result.stdout)["venues"]
    assert card["marks"]["bundles"]["value"] == 1.0


def test_hangs_failed_elections_and_refused_devices() -> None:
    found = counted(
        told(0, "badge_restarted", why="its program hung"),
        told(1, "lost_leadership", term=3, why="overslept"),
        told(2, "lost_leadership", term=3, why="resign"),
        told(3, "attempt_failed", term=4, why="no quorum"),
        told(3, "attempt_failed", term=4, why="leader heard"),
        told(4, "stranger", device="1", name="x"),
        told(5, "held_off", device="1", name="x", why="w", advice="a"),
    )
    names = ("hangs", "elections_failed", "refused")
    assert [found.found[name] for name in names] == [2, 1, 2]


def test_a_venue_without_a_leader() -> None:
    start = [told(0, "ready"), told(0, "ready", "b"), told(1, "became_leader", term=1)]
    lost = told(50, "leader_lost", "b", leader="a", term=1)  # it was ended and said nothing
    assert counted(*start, lost, told(51, "became_leader", "b", term=2)).found["leaderless"] == 0
    assert counted(*start, lost, told(52, "became_leader", "b", term=2)).found["leaderless"] == 1
    given = [told(50, "lost_leadership", term=1, why="resign"), told(50, "stopped")]
    later = told(60, "became_leader", "b", term=2)
    assert counted(*start, *given, later).found["leaderless"] == 1
    alone = [told(0, "ready"), told(1, "became_leader", term=1), *given]
    night = [told(40_000, "ready"), told(40_000.2, "became_leader", term=2)]
    assert counted(*alone, *night).found["leaderless"] == 0  # nobody meant to talk


def test_two_floors_at_once() -> None:
    def conflicts(*lines: Line) -> int:
        return counted(*lines).found["floor_conflicts"]

    assert conflicts(*burst(0, 1), *burst(1, 2)) == 0  # two groups of one host
    assert conflicts(*burst(0, 1), *burst(1, 2, "b")) == 1
    assert conflicts(*burst(0, 1), *burst(2.8, 2, "b")) == 0  # their clocks may differ so much
    killed = [told(0, "ready"), told(1, "floor_granted", lease=1), told(2, "text", text="")]
    assert conflicts(*killed, *burst(3, 2, "b"), told(9, "ready")) == 0
    assert conflicts(*killed, *burst(3, 2, "b"), told(9, "floor_freed", lease=1, cause="x")) == 1


def test_what_badges_measure() -> None:
    def badge(*waits_ms: int) -> list[Line]:
        lines = []
        for number, wait_ms in enumerate(waits_ms):
            at_ms = 10_000 * number
            lines.append(Line("ann", "pending", {"request": number}, ms=at_ms))
            lines.append(Line("ann", "granted", {"lease": number}, ms=at_ms + wait_ms))
            lines.append(Line("ann", "heard", {"played": 95, "concealed": 5}, ms=at_ms + 5000))
        return lines

    found = counted(*badge(30, 300, 301))
    assert (found.found["slow"], found.wanted["slow"], found.badges) == (1, 3, 1)
    assert (found.found["lost"], found.wanted["lost"]) == (15, 300)
    assert "slow" not in counted(*burst(0, 1)).wanted


def good(venue: str = "venue", shifts: int = 14, bursts: int = 2000) -> Count:
    wanted = {"cut_off": bursts, "not_heard": 9000, "lost": 50_000, "slow": 500}
    return Count(venue, shifts=shifts, bursts=bursts, wanted=wanted, badges=3)


def test_what_decides_at_a_gate() -> None:
    table = scorecard()
    assert judge([good()], "pilot", table).decision == GO
    assert judge([good()], "several", table).why == ("1 of at least 3 venues",)
    three = [good(name) for name in "abc"]
    assert judge(three, "several", table).decision == GO
    short = judge([good(shifts=13)], "pilot", table)
    assert (short.decision, short.why) == (NOT_YET, ("venue: 13 of at least 14 shifts",))
    unmeasured = good()
    del unmeasured.wanted["slow"]
    card = judge([unmeasured], "pilot", table)
    assert card.decision == NOT_YET
    assert "not known without logs of badges" in card.why[0]
    assert [mark.state for mark in card.venues[0].marks].count(UNKNOWN) == 1


@pytest.mark.parametrize("rule", list(scorecard().rules))
def test_one_more_than_a_rule_allows_is_a_no(rule: str) -> None:
    row = scorecard().rules[rule]
    for place, gate in enumerate(scorecard().gates):
        venues = [good(name) for name in "abc"]
        units = {"shift": 14, "share": venues[1].wanted.get(rule, 0), "all": 1}
        venues[1].found[rule] = int(row.most[place] * units[row.per] + 1e-9)
        assert judge(venues, gate, scorecard()).decision == GO, gate
        venues[1].found[rule] += 1
        card = judge(venues, gate, scorecard())
        assert card.decision == NO_GO and card.why[0].startswith(f"b: {row.text}: ")
        states = [(m.rule, m.state) for m in card.venues[1].marks if m.state == BROKEN]
        assert states == [(rule, BROKEN)]


def test_the_command_says_what_decided(tmp_path: Path) -> None:
    venue = tmp_path / "harbour"
    venue.mkdir()
    lines = [line for n in range(30) for line in burst(10 * n, n)]
    log = "".join(json.dumps({"event": e.event, **e.fields, "at": e.at_s}) + "\n" for e in lines)
    (venue / "host.jsonl").write_text(log)
    page = tmp_path / "card.html"
    words = [str(venue), "--gate", "lab", "--html", str(page)]
    run = CliRunner().invoke(command, words, standalone_mode=False)
    assert run.return_value == 1 and "harbour" in run.output and "broken" in run.output
    assert "No go" in page.read_text()
    run = CliRunner().invoke(command, [*words, "--json"], standalone_mode=False)
    answer = json.loads(run.stdout)
    assert answer["decision"] == "no go"
    assert answer["venues"][0]["marks"]["not_heard"] == {
        "value": 0.25, "most": 0.05, "state": "broken",
    }  # fmt: skip
    run = CliRunner().invoke(command, [*words, "--since", "2026-03-03"], standalone_mode=False)
    assert run.return_value == 1 and "0 of at least 3 shifts" in run.output


def test_what_cannot_be_judged_is_said(tmp_path: Path) -> None:
    for words, said in (
        (["--gate", "moon", str(tmp_path)], "there is no gate 'moon'; there are: lab"),
        ([str(tmp_path)], "holds no bundle and no log: a file that ends in .log, .json, .jsonl"),
    ):
        run = CliRunner().invoke(command, words, standalone_mode=False)
        assert isinstance(run.exception, UsageError) and said in str(run.exception)


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ("most = [0, 0, 0]", "most = [0, 0]", "one number for each of 3 gates"),
        ("most = [1.0, 0.2, 0.1]", "most = [0.1, 0.2, 0.1]", "a later gate must not allow more"),
        ("most = [0.02, 0.01, 0.005]", "most = [2, 0.01, 0.005]", "a share is 1 at most"),
        ('per = "all"', 'per = "week"', "per"),
    ],
)
def test_a_mistake_in_the_rules_has_its_place(
    tmp_path: Path, find: str, put: str, said: str
) -> None:
    text = scorecard_path().read_text()
    assert find in text
    file = tmp_path / "scorecard.toml"
    file.write_text(text.replace(find, put, 1))
    with pytest.raises(UsageError, match=rf"scorecard\.toml:\d+:\d+: .*{said}"):
        load_scorecard(file)


def test_the_recorded_shifts_give_the_report() -> None:
    assert rollout_stale() == []


def test_a_simulated_shift_is_logged_as_hosts_and_badges_log_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that is short: who talked, that the lead was given on in good order, and nothing else."""
    spec = read_scenario(rollout.SHIFT).resolved() | {"duration_s": 120}
    monkeypatch.setattr(
        rollout, "read_scenario", lambda path: SimpleNamespace(resolved=lambda: spec)
    )
    record = rollout.make(rollout.Venue("short", 3, "clean"), 0)
    assert record["bursts"] > 10 and record["badges"] == 3 and record["violations"] == []
    assert record["wanted"]["lost"] > 2000 and record["wanted"]["slow"] > 10
    assert record["found"]["floor_conflicts"] == 0
    assert rollout.total("short", [record]).bursts == record["bursts"]
