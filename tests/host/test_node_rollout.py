"""A change of the settings in stages at a host: begun, watched, taken back, gone on with."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.shared.keys import Directory

from pressel.errors import PresselError, UsageError
from pressel.node.desk.rollouts import Rollouts
from pressel.node.desk.venue_settings import VenueSettings
from pressel.node.kept_settings import load_kept
from pressel.registry.store import Registry
from pressel.rollout.gate import FRAMES_MIN
from pressel.rollout.rollout import SOAK_S
from pressel.rollout.stages import STAGES
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

TALK, DELAY = "floor.talk_ms", "audio.playout_delay_ms"
BADGES = 20


class Stage:
    """A host that leads a venue of twenty badges; `again` is another one with the same log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        Registry(folder).close()
        self.now_s = 0.0
        self.told: list[str] = []
        self.leader: Leader | None = None
        self.lead()
        settled = lambda: None  # noqa: E731
        common = (settled, self._in_thread, self._with_registry, self._report)
        self.settings = VenueSettings(folder, lambda: self.leader, lambda: None, *common)
        self.rollouts = Rollouts(
            self.settings, lambda: self.leader, *common, now_s=lambda: self.now_s
        )

    def lead(self, kept: Settings | None = None) -> None:
        """An engine begins to lead, and all badges join it."""
        leader = Leader(1, 1, Directory(), os.urandom, kept or Settings(1))
        for number in range(1, BADGES + 1):
            member = leader.members.add(bytes([number]) * 8, number)
            assert member is not None
            member.build = b"0.1.1"
        self.leader = leader

    def engine(self) -> Leader:
        assert self.leader is not None
        return self.leader

    async def _in_thread(self, call: Any, *values: Any) -> Any:
        await asyncio.sleep(0)
        return call(*values)

    def _with_registry(self, act: Any) -> Any:
        with Registry(self.folder) as registry:
            return act(registry)

    def _report(self, event: str, fields: Any) -> None:
        self.told.append(f"{event}: {' '.join(map(str, fields.values()))}")

    def start(self, values: dict[str, int], base: int = 1) -> dict[str, Any]:
        fields = {"values": values, "base": base, "why": "echo", "who": "ann"}
        return asyncio.run(self.rollouts.start(fields))

    def set(self, values: dict[str, int], base: int) -> dict[str, Any]:
        return asyncio.run(self.settings.set({"values": values, "base": base, "who": "bob"}))

    def ask(self, verb: str) -> dict[str, Any]:
        (found,) = [each for each in self.rollouts.verbs() if each.name == f"rollout {verb}"]
        return asyncio.run(found.answer({"who": "bob"}))

    def tick(self) -> None:
        asyncio.run(self.rollouts.tick(0))

    def answer(self, refused: bool = False) -> None:
        """All badges answer what they are to have."""
        settings = self.engine().settings
        for member in self.engine().members.all():
            settings.on_ack(member, settings.of(member).version, not refused)

    def talk(self, touched_spoilt: int = 0) -> None:
        for member in self.engine().members.all():
            member.played += FRAMES_MIN
            if self.engine().settings.of(member).version != self.version():
                member.late += touched_spoilt

    def version(self) -> int:
        return self.engine().settings.settings.version

    def delays(self) -> dict[int, int]:
        """How many badges are to have which playout delay."""
        wanted = [self.engine().settings.of(m) for m in self.engine().members.all()]
        delays = [each.playout_delay_ms for each in wanted]
        return {each: delays.count(each) for each in sorted(set(delays))}

    def history(self) -> list[dict[str, Any]]:
        return self.settings.history({})


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_change_goes_from_two_badges_to_all(stage: Stage) -> None:
    told = stage.start({DELAY: 100})
    assert (told["state"], told["stage"], stage.delays()) == ("running", "canary", {60: 18, 100: 2})
    counts = []
    for _ in STAGES:
        stage.tick()
        stage.answer()
        stage.talk()
        stage.now_s += SOAK_S
        stage.tick()
        counts.append(stage.delays().get(100))
    assert counts[0] in (2, 3, 4) and counts[1:] == [10, 20]
    assert stage.ask("status")["state"] == "done"
    assert load_kept(stage.folder).values() == stage.engine().settings.settings.values()
    (change,) = stage.history()
    assert (change["version"], change["why"], change["was"]) == (2, "echo", {DELAY: 60})


def test_a_value_that_ruins_speech_reaches_the_canary_only(stage: Stage) -> None:
    stage.start({DELAY: 20})
    stage.answer()
    stage.tick()
    stage.talk(touched_spoilt=200)
    stage.tick()
    told = stage.ask("status")
    assert told["state"] == "taken back" and "missed 40.0%" in told["words"]
    assert stage.delays() == {60: 20}
    assert stage.version() == 3  # above what the canary has, or it would not take it
    (change,) = stage.history()
    assert change["version"] == 3 and "version 2 taken back" in change["why"]


def test_a_badge_that_refuses_ends_it(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.answer(refused=True)
    stage.tick()
    assert "refuse" in stage.ask("status")["words"] and stage.delays() == {60: 20}


def test_nothing_else_is_changed_meanwhile(stage: Stage) -> None:
    stage.start({DELAY: 100})
    with pytest.raises(PresselError, match="another change"):
        stage.set({TALK: 90_000}, 1)
    with pytest.raises(PresselError, match="another change"):
        stage.start({DELAY: 120})
    stage.ask("abort")
    assert stage.set({TALK: 90_000}, 3)["version"] == 4
    assert stage.start({DELAY: 120}, 4)["version"] == 5


def test_an_operator_holds_it_and_goes_on(stage: Stage) -> None:
    stage.start({DELAY: 100})
    assert stage.ask("pause")["state"] == "paused"
    with pytest.raises(UsageError, match="paused already"):
        stage.ask("pause")
    stage.answer()
    stage.tick()
    stage.talk()
    stage.now_s += SOAK_S
    stage.tick()
    assert stage.ask("status")["state"] == "paused" and stage.delays()[100] == 2
    assert stage.ask("go")["state"] == "running"
    with pytest.raises(UsageError, match="no change"):
        stage.ask("abort")
        stage.ask("abort")


def test_the_next_leader_goes_on_with_the_same_stage(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.answer()
    stage.tick()
    stage.talk()
    stage.now_s += SOAK_S
    stage.tick()
    before = stage.ask("status")
    assert before["stage"] == STAGES[1]
    stage.lead()
    assert stage.delays() == {60: 20}
    stage.tick()
    after = stage.ask("status")
    assert (after["state"], after["stage"], after["version"]) == ("running", STAGES[1], 2)
    assert stage.delays()[100] >= 2
    with pytest.raises(PresselError, match="another change"):
        stage.set({TALK: 90_000}, 1)


def test_the_next_leader_does_not_begin_again_what_is_over(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.ask("abort")
    stage.lead(stage.engine().settings.settings)
    stage.tick()
    assert stage.ask("status")["state"] == "taken back" and stage.delays() == {60: 20}
    stage.lead(Settings(9))
    stage.start({DELAY: 100}, 9)
    stage.lead(Settings(12))  # which others changed where this was not known
    stage.tick()
    assert stage.ask("status")["words"] == "the settings are of version 12 meanwhile"
    assert stage.set({TALK: 90_000}, 12)["version"] == 13


def test_a_host_that_does_not_lead_does_nothing(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.leader = None
    stage.tick()
    assert stage.told == []
    with pytest.raises(UsageError, match="no longer leads"):
        stage.ask("status")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({TALK: 90_000}, "without --staged"),
        ({DELAY: 60}, "so already"),
        ({DELAY: 10}, "cannot be 10 ms"),
        ({}, "at least one"),
    ],
)
def test_what_cannot_be_tried_out(stage: Stage, values: dict[str, int], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        stage.start(values)
    assert stage.ask("status") == {"state": ""}


def test_who_comes_second_is_told(stage: Stage) -> None:
    stage.set({TALK: 90_000}, 1)
    with pytest.raises(PresselError, match="of version 2, not 1 any more"):
        stage.start({DELAY: 100})


def test_the_log_tells_each_step_and_who_took_it(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.ask("pause")
    stage.ask("abort")
    with Registry(stage.folder) as registry:
        steps = [each for each in registry.about_venue() if each.entry.verb == "rollout"]
        assert [json.loads(each.texts["plan"] or "")["state"] for each in steps] == [0, 1, 3]
        assert [each.texts["who"] for each in steps] == ["ann", "bob", "bob"]
