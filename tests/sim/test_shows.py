"""What `pressel demo NAME` shows: all is kept, the same seed is the same run, and the verdict falls
when there is the fault that the demo is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.sim.floor_mutants import second_grant_while_one_runs
from tests.sim.mutants import (
    floor_granted_to_everybody,
    frame_forgotten,
    nothing_sent_after_a_relay,
    replaced,
)

from pressel.cli import main
from pressel.health import verdict
from pressel.rollout import rollout
from pressel.sim.shows.all import SHOWS
from pressel.sim.shows.play import Stage, play
from pressel.sim.shows.show import Show
from ptt.badge.join import Join
from ptt.cluster.election import Election
from ptt.fanout.multicast import Multicast
from ptt.leader.floor import lanes
from ptt.leader.leader import Leader
from ptt.link.link import Link

_FEW = 16  # listeners: a crowd of a hundred takes 10 CPU seconds


def leader_breaks_down_at_junk() -> Any:
    original = Leader.receive_datagram

    def receive(self: Leader, data: Any, source: Any, now_ms: int) -> None:
        assert data[0] != 0xFF, "junk"
        original(self, data, source, now_ms)

    return replaced(Leader, "receive_datagram", receive)


def standby_never_stands() -> Any:
    return replaced(Election, "_do_sound_out", lambda self, trigger, now_ms: None)


def last_come_first_served() -> Any:
    return replaced(lanes, "_is_before", lambda a, b: True)


def nobody_is_served_by_multicast() -> Any:
    return replaced(Multicast, "is_heard_by", lambda self, node, now_ms: False)


def gate_sees_nothing() -> Any:
    return replaced(rollout, "worse", lambda touched, others, before: "")


def leader_checks_no_tag() -> Any:
    return replaced(Link, "is_sealed_by", lambda self, keys, data: True)


def talkers_are_never_to_blame() -> Any:
    return replaced(verdict, "_is_own_trouble", lambda device, badges, disorder: False)


def badge_stays_with_its_first_leader() -> Any:
    original = Join.on_welcome

    def on_welcome(self: Join, *given: Any) -> Any:
        return None if self.term else original(self, *given)

    return replaced(Join, "on_welcome", on_welcome)


FAULTS: dict[str, Callable[[], Any]] = {
    "old-app": second_grant_while_one_runs,
    "damaged": leader_breaks_down_at_junk,
    "failover": standby_never_stands,
    "queue": last_come_first_served,
    "hundred": nobody_is_served_by_multicast,
    "relay-dies": nothing_sent_after_a_relay,
    "bad-air": frame_forgotten,
    "bad-setting": gate_sees_nothing,
    "stranger": leader_checks_no_tag,
    "diagnosis": talkers_are_never_to_blame,
    "restored": badge_stays_with_its_first_leader,
    "gate": floor_granted_to_everybody,
}


def cheap(show: Show) -> Show:
    if show.name != "hundred":
        return show
    return replace(show, acts=tuple(replace(act, participants=_FEW + 1) for act in show.acts))


def seen(show: Show, seed: int = 1) -> tuple[list[bool], list[tuple[float, str]]]:
    """Which of its promises were kept, and what was told."""
    told: list[tuple[float, str]] = []
    stage = Stage(lambda words: None, lambda at_s, words: told.append((at_s, words)))
    return [each.holds for each in play(show, seed, stage)], told


@pytest.mark.parametrize("name", SHOWS)
def test_all_is_kept_and_told(name: str) -> None:
    kept, told = seen(cheap(SHOWS[name]))
    assert all(kept)
    assert len(told) > 3


@pytest.mark.parametrize("name", SHOWS)
def test_the_verdict_falls_with_the_fault_that_it_is_about(name: str) -> None:
    with FAULTS[name]():
        kept, _ = seen(cheap(SHOWS[name]))
    assert not all(kept)


@pytest.mark.proof
@pytest.mark.sweep(1)
@pytest.mark.parametrize("seed", range(2, 12))
@pytest.mark.parametrize("name", SHOWS)
def test_all_is_kept_with_other_seeds(name: str, seed: int) -> None:
    assert all(seen(SHOWS[name], seed)[0])


def test_every_phase_has_a_demo() -> None:
    assert {show.phases for show in SHOWS.values()} == set("012345678") | {"9"}
    assert set(FAULTS) == set(SHOWS)


def test_the_same_seed_shows_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for _ in range(2):
        assert main(["demo", "stranger", "--seed", "7", "--speed", "0"]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "All 3 promises were kept." in shown[0]
    with leader_checks_no_tag():
        assert main(["demo", "stranger"]) == 1
    assert "BROKEN" in capsys.readouterr().out


def test_what_makes_no_sense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words, wanted in (
        (["failovr"], "Did you mean 'failover'?"),
        (["failover", "--out", "x"], "--out is for the demo without a name"),
        (["--seed", "2"], "--seed is for a demo with a name"),
    ):
        assert main(["demo", *words]) == 2
        assert wanted in capsys.readouterr().err
    assert main(["demo", "list"]) == 0
    assert all(name in capsys.readouterr().out for name in ("failover",))
