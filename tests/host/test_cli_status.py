"""`pressel status`: what a leader says of itself, whatever its badges are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pressel import cli
from pressel.node import control
from pressel.node.badge_state import read_report
from pressel.node.leader_state import FloorState, LeaderState, MemberState
from pressel.node.snapshot import ADVICE

NASTY = "\\[bold red]x[/] :smile:"


def member(node: int, name: str, **fields: Any) -> MemberState:
    known: dict[str, Any] = {
        "device": "00" * 8,
        "address": f"10.0.0.{node}:5000",
        "build": "0.1.0",
        "features": ["updates", "side_button"],
        "group": 1,
        "silent_ms": 400,
        "table_advice": None,
        "settings_version": 1,
    }
    return MemberState(node=node, name=name, **(known | fields))


def state(*members: MemberState, **floor: Any) -> LeaderState:
    known: dict[str, Any] = {
        "group": 1,
        "state": "floor idle",
        "talker": None,
        "lease": 0,
        "queue": [],
    }
    return LeaderState(
        term=5,
        address="10.0.0.1:47800",
        uptime_s=61.0,
        members=list(members),
        floors=[FloorState(**(known | floor))],
        voice_in=0,
        voice_out=0,
        refused={},
    )


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `pressel status` against a leader that answers what is given; code, out, err."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")

    def show(answer: Any, *options: str) -> tuple[int, str, str]:
        answered = answer.model_dump() if isinstance(answer, LeaderState) else answer
        monkeypatch.setattr(control, "request", lambda path, word: control.Reply(answered))
        code = cli.main(["status", "--control", "x", *options])
        out, err = capsys.readouterr()
        return code, out, err

    return show


def test_how_many_badges_have_a_feature_is_shown_and_which_ones_in_json(shown) -> None:
    venue = state(member(2, "Ann"), member(3, "Bob", features=["updates"]), member(4, "Cy"))
    assert shown(venue)[1].endswith("Features: 3 with updates, 2 with side button\n")
    told = json.loads(shown(venue, "--json")[1])
    assert [each["features"] for each in told["members"]][1] == ["updates"]
    assert "no member has any" in shown(state(member(2, "Old", features=[])))[1]


def test_who_gets_texts_in_the_clear_is_marked(shown) -> None:
    _, out, _ = shown(state(member(2, "Ann", features=["secret_texts"]), member(3, "Old")))
    ann, old = (line for line in out.splitlines() if ":5000" in line)
    assert "in the clear" not in ann and old.rstrip().endswith("gets texts in the clear")


def test_what_badges_report_of_themselves_is_shown_and_nothing_of_those_that_do_not(shown) -> None:
    told = read_report([61, 0xA1B2, 11, 80, 12, 3, 1100, 45, 2, 60, 14, 1], 4200)
    silent = read_report([128, 0, 0, 255, 1, 9, 0xFFFF, 0, 0, 60, 0xFFFF, 0], 0)
    venue = state(
        member(2, "Ann", badge=told, played=97, concealed=3), member(3, "Bob", badge=silent)
    )
    lines = shown(venue)[1].splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.startswith(" Badge")]
    ann, bob = lines[at + 1], lines[at + 2]
    for words in ("-61 dBm", "a1:b2, channel 11", "80 %", "3.0 %", "14 ms", "17,600 bytes"):
        assert words in ann
    assert bob.split() == ["Bob", "?", "0", "s", "ago"]
    badges = [each["badge"] for each in json.loads(shown(venue, "--json")[1])["members"]]
    assert badges[0]["restart"] == "its program hung"
    assert badges[1]["restart"] == "it does not say", "a newer badge has more reasons"
    assert {badges[1][name] for name in ("signal_dbm", "battery_percent", "channel")} == {None}
    assert "Access point" not in shown(state(member(2, "Old")))[1]


def test_an_empty_venue(shown) -> None:
    code, out, _ = shown(state())
    assert code == 0
    assert out.startswith("Leader on 10.0.0.1:47800, term 5, up 61 s, 0 members\n")
    assert "Group 1: nobody talks" in out


def test_who_talks_and_who_waits(shown) -> None:
    _, out, _ = shown(
        state(member(2, "Ann"), member(3, "Ben"), talker="Ann", node=2, queue=["Ben"])
    )
    assert "Group 1: Ann talks; waiting: Ben" in out
    (line,) = [line for line in out.splitlines() if "10.0.0.2" in line]
    assert "talks" in line and "0.4 s ago" in line
    assert "2 members" in out


def test_names_are_shown_as_they_are(shown) -> None:
    _, out, _ = shown(state(member(2, NASTY, build=NASTY[:16]), talker=NASTY, queue=[NASTY]))
    assert out.count(NASTY) == 3
    assert NASTY[:16] in out.replace(NASTY, "")


@pytest.mark.parametrize("advice", ADVICE.values())
def test_another_build_is_pointed_out(shown, advice: str) -> None:
    text = shown(state(member(2, "Ann", table_advice=advice)))[1]
    assert advice in " ".join(text.split())


def test_refused_datagrams_are_counted(shown) -> None:
    seen = state()
    seen.refused = {"crc": 3, "version": 1}
    assert "Datagrams refused: 3 crc, 1 version" in shown(seen)[1]


def test_json_is_the_whole_state(shown) -> None:
    seen = state(member(2, NASTY), talker=NASTY)
    _, out, err = shown(seen, "--json")
    assert json.loads(out) == seen.model_dump() and err == ""


@pytest.mark.parametrize("answer", [{}, [], 5, {"term": "x"}])
def test_a_leader_of_another_version_is_told(shown, answer: Any) -> None:
    code, out, err = shown(answer)
    assert code == 1 and out == ""
    assert "another version" in err and err.count("\n") == 1
