"""Faults planted in rooms that an explorer of their own searches: settings on trial, and relays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from tests.sim.mutants import replaced

from pressel.sim.explore import spread, trial
from pressel.sim.explore.search import explore, timeline
from pressel.sim.explore.spread import SpreadModel
from pressel.sim.explore.trial import TrialModel
from ptt.badge.settings import Settings
from ptt.fanout import assign
from ptt.fanout.assign import Standing

DEPTH = 12


class IsSureAtOnce(Settings):
    """The first answer ends the trial."""

    breaks = "proved"

    def on_leader_answered(self, now_ms: int) -> None:
        self.sure = self.told


class IsSureWithoutAnswer(Settings):
    """Whoever loses its leader has been long enough on trial."""

    breaks = "proved"

    def on_leader_lost(self) -> None:
        self.sure = self.told


class KeepsThem(Settings):
    """A lost leader changes nothing."""

    breaks = "way back"

    def on_leader_lost(self) -> None: ...


class IsOnTrialForever(Settings):
    """New settings go on with the trial of those before, which may be nearly over."""

    breaks = "proved"

    def _on_settings(self, fields: list, data: Any, source: Any, now_ms: int) -> int:
        since_ms, was = self._since_ms, self.told
        result = super()._on_settings(fields, data, source, now_ms)
        if was != self.sure:
            self._since_ms = since_ms
        return result


class ObeysOlder(Settings):
    """What comes last holds."""

    breaks = "never older"

    def _on_settings(self, fields: list, data: Any, source: Any, now_ms: int) -> int:
        self.version = min(self.version, fields[0])
        return super()._on_settings(fields, data, source, now_ms)


class AnswersWithoutObeying(Settings):
    """A higher version of other values is answered, and the values are not in force."""

    breaks = "true answer"

    def _obey(self, fields: Any) -> None: ...


@pytest.mark.parametrize(
    "mutant",
    [
        IsSureAtOnce,
        IsSureWithoutAnswer,
        KeepsThem,
        IsOnTrialForever,
        ObeysOlder,
        AnswersWithoutObeying,
    ],
)
def test_a_trial_that_is_wrong_is_caught(mutant: Any) -> None:
    model = TrialModel(trial.Bounds(), mutant)
    found = explore(model, DEPTH)
    assert found.broken is not None and found.broken.startswith(mutant.breaks), found
    assert len(timeline(model, found.way)) == found.depth


def test_the_way_to_what_is_broken_can_be_read() -> None:
    model = TrialModel(trial.Bounds(), IsSureAtOnce)
    lines = timeline(model, explore(model, DEPTH).way)
    assert lines[0].startswith("  1  the operator changes the playout delay to 200 ms")
    assert lines[-1].endswith("joined, 200 ms, sure of 200 ms")


def _all_serve() -> AbstractContextManager[Any]:
    return replaced(Standing, "serves", property(lambda self: self.is_able))


def _none_avoided() -> AbstractContextManager[Any]:
    original = assign._cheapest
    return replaced(assign, "_cheapest", lambda relays, avoided: original(relays, 0))


def _uncounted() -> AbstractContextManager[Any]:
    def move(relays: Any, listener: Any, place: int, why: int) -> tuple[int, int, int]:
        listener.relay = place
        return listener.node, place, why

    return replaced(assign, "_move", move)


def _without_limit() -> AbstractContextManager[Any]:
    return replaced(Standing, "room", property(lambda self: 1 if self.serves else 0))


def _cautious() -> AbstractContextManager[Any]:
    """Only relays that have nothing to do get listeners."""
    original = assign._cheapest

    def cheapest(relays: Any, avoided: int) -> int:
        place = original(relays, avoided)
        return place if place >= 0 and relays[place].load_percent <= 10 else -1

    return replaced(assign, "_cheapest", cheapest)


def _restless() -> AbstractContextManager[Any]:
    """A relay that costs little more is left."""
    return replaced(assign, "MARGIN", -1)


@pytest.mark.parametrize(
    ("plant", "breaks"),
    [
        (_all_serve, "served"),
        (_none_avoided, "avoided"),
        (_uncounted, "counted"),
        (_without_limit, "room"),
        (_cautious, "own"),
        (_restless, "rest"),
    ],
)
def test_a_plan_that_is_wrong_is_caught(
    plant: Callable[[], AbstractContextManager[Any]], breaks: str
) -> None:
    model = SpreadModel(spread.Bounds())
    with plant():
        found = explore(model, DEPTH)
        lines = timeline(model, found.way)
    assert found.broken is not None and found.broken.startswith(breaks), found
    assert len(lines) == found.depth and "the leader plans" in lines[-1]
