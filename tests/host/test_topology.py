"""`pressel topology`: by which way badges get voice, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.host.test_cli_status import member, state
from tests.shared.multicast_venue import venue
from tests.shared.relay_venue import SETTLED_MS, RelayVenue

from pressel import cli
from pressel.node import control, ways
from pressel.node.channels import channel_costs
from pressel.node.leader_state import MemberState
from pressel.node.way_state import RelayState, WayState
from pressel.node.ways import relays_of, way_of
from ptt.leader.settings_in_force import Settings


def all_ways(made: Any) -> list[WayState]:
    leader = made.leader
    return [way_of(leader.voice, each, made.now_ms, str) for each in leader.members.all()]


def test_why_each_gets_voice_as_it_does() -> None:
    made = venue()
    assert {(way.is_many, way.why) for way in all_ways(made)} == {(True, ways.WELL)}
    made.leader.voice.multicast.ears.on_report(2, (0, 0, 0b111, 4, 0), made.now_ms)
    made.leader.voice.multicast.ears.on_report(3, (0, 5, 0xFFFF, 0, 2), made.now_ms)
    made.leader.voice.multicast.ears.forget(4)
    unable = made.leader.members.by_node(5)
    assert unable is not None
    unable.features = 0
    whys = {way.why for way in all_ways(made) if not way.is_many}
    few = "3 of the newest 16 probes came"
    assert whys == {few, ways.STALE, ways.SILENT, ways.UNABLE}
    made.leader.publish(Settings(version=3), made.now_ms)
    assert {way.why for way in all_ways(made)} == {ways.OFF}


def test_who_relays_to_whom() -> None:
    made = RelayVenue().run(SETTLED_MS)
    ways_now = all_ways(made)
    names = [way.relay for way in ways_now if way.relay is not None]
    assert len(names) == 5
    relays = relays_of(made.leader.voice, made.now_ms, str)
    assert [each.listeners for each in relays] in ([3, 2], [2, 3])
    assert all(each.serves for each in relays)
    made.publish(0)
    made.run(2000)
    assert relays_of(made.leader.voice, made.now_ms, str) == []


def crowd(hearing: int, deaf: int, group: int = 1) -> list[MemberState]:
    found = []
    for node in range(2, 2 + hearing + deaf):
        way = WayState(is_many=node < 2 + hearing, why="")
        found.append(member(node, f"B{node}", way=way, group=group))
    return found


@pytest.mark.parametrize(
    ("hearing", "deaf", "once", "percent", "is_too_much"),
    [
        (0, 50, 0, 42, False),  # the plan's table: 79 in packets of one frame take 67 %
        (0, 138, 0, 67, False),
        (0, 250, 0, 92, True),
        (90, 10, 90, 7, False),  # 3.7 % once, and ten copies in packets of three
        (5, 0, 0, 4, False),  # too few for one transmission
    ],
)
def test_what_a_talker_takes_of_a_channel(
    hearing: int, deaf: int, once: int, percent: int, is_too_much: bool
) -> None:
    (cost,) = channel_costs(crowd(hearing, deaf))
    assert (cost.once, cost.alone) == (once, hearing + deaf - once)
    assert (cost.percent, cost.is_too_much) == (percent, is_too_much)


def test_the_group_that_takes_most_is_shown() -> None:
    (cost,) = channel_costs(crowd(0, 4) + crowd(0, 9, group=2))
    assert (cost.group, cost.alone) == (2, 9)
    assert channel_costs([]) == []


def test_what_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    many = WayState(is_many=True, why=ways.WELL, probes=16)
    why = "the leader serves enough"
    relayed = WayState(is_many=False, why=ways.OFF, relay="back office", relay_why=why)
    shown = state(member(2, "[b]Ann[/b]", way=many), member(3, "Ben"), member(4, "Cy", way=relayed))
    shown.relays = [
        RelayState(name="back office", serves=True, listeners=1, load_percent=4, round_trip_ms=1)
    ]
    answer = shown.model_dump()
    monkeypatch.setattr(control, "find", lambda control, port: None)
    monkeypatch.setattr(control, "request", lambda where, what: control.Reply(answer))
    assert cli.main(["topology"]) == 0
    told = capsys.readouterr()
    relay, channel = told.err.splitlines()
    assert relay == "back office relays: 1 badges, load 4 %, round trip 1 ms"
    takes = "who talks to group 1 takes some 2 % of its channel"
    assert channel == f"Access point not told: 0 hear one transmission, 3 get copies; {takes}"
    lines = told.out.splitlines()
    assert "[b]Ann[/b]" in lines[1] and "with all" in lines[1] and "it hears multicast" in lines[1]
    assert "Ben" in lines[2] and "alone" in lines[2]
    assert "from back office" in lines[3] and why in lines[3]
    assert cli.main(["topology", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["probes"] == 16
