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
from pressel.rollout.rollout import SOAK_S, Plan
from pressel.rollout.stages import DONE, PAUSED, STAGES, STATES
from ptt.base.numbers import INT_MAX, SETTINGS_JUMP_MAX, SETTINGS_SURE
from ptt.cluster.versions import VERSION_MAX
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
        self.clock_s = 1_900_000_000.0
        self.refuses = ""  # entries of this verb find no room on the disk
        self.on_thread: Any = lambda: None  # happens while something waits for the disk
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
        self.on_thread()
        return call(*values)

    def _with_registry(self, act: Any) -> Any:
        with Registry(self.folder, lambda: self.clock_s) as registry:
            record = registry.record

            def recorded(verb: str, *given: Any) -> None:
                if verb == self.refuses:
                    raise PresselError("the disk is full")
                record(verb, *given)

            registry.record = recorded  # type: ignore[method-assign]
            return act(registry)

    def _report(self, event: str, fields: Any) -> None:
        self.told.append(f"{event}: {' '.join(map(str, fields.values()))}")

    def start(self, values: dict[str, int], base: int = 1) -> dict[str, Any]:
        fields = {"values": values, "base": base, "why": "echo", "who": "ann"}
        return asyncio.run(self.rollouts.start(fields))

    def set(self, values: dict[str, int], base: int) -> dict[str, Any]:
        return asyncio.run(self.settings.set({"values": values, "base": base, "who": "bob"}))

    def both_at_once(self, set_first: bool = False) -> list[Any]:
        """What a rollout and a plain change answer that are asked for in the same moment."""
        plain = {"values": {TALK: 90_000}, "base": 1}
        staged = {"values": {DELAY: 100}, "base": 1}

        async def both() -> list[Any]:
            asked = [self.rollouts.start(staged), self.settings.set(plain)]
            ordered = reversed(asked) if set_first else asked
            return await asyncio.gather(*ordered, return_exceptions=True)

        return asyncio.run(both())

    def wrote(self, plan: Plan, term: int = 1) -> None:
        """Another host, as far as this one can tell."""
        with Registry(self.folder, lambda: self.clock_s) as registry:
            registry.log.term = term
            registry.record("rollout", "", {}, {"plan": plan.model_dump_json()})

    def steps(self) -> list[str]:
        """The states that the log tells of."""
        with Registry(self.folder) as registry:
            told = [each for each in registry.about_venue() if each.entry.verb == "rollout"]
        return [STATES[json.loads(each.texts["plan"] or "")["state"]] for each in told]

    def to_the_end(self, refuses: str = "") -> None:
        """All stages, with nothing amiss but what the disk `refuses` at the end."""
        for stage in STAGES:
            self.refuses = refuses if stage == STAGES[-1] else ""
            self.tick()
            self.answer()
            self.talk()
            self.now_s += SOAK_S
            self.tick()

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
    assert counts[0] in (2, 3, 4) and counts[1:] == [10, 20, 20]
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


def test_who_has_applied_what_it_is_to_have_is_not_waited_for(stage: Stage) -> None:
    stage.answer()
    stage.start({DELAY: 100})
    told = asyncio.run(stage.settings.status({}))
    assert sorted(each["state"] for each in told["members"]) == ["applied"] * 18 + ["waiting"] * 2
    assert (told["badges"], told["applied"], told["refused"]) == (20, 18, 0)
    stage.answer()
    told = asyncio.run(stage.settings.status({}))
    assert {each["state"] for each in told["members"]} == {"applied"}
    assert sorted(each["version"] for each in told["members"]) == [1] * 18 + [2] * 2
    assert told["applied"] == 20


def test_one_false_report_does_not_take_a_change_back(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.answer()
    stage.tick()
    stage.talk()
    wanted = stage.engine().settings.of
    liar, _ = [m for m in stage.engine().members.all() if wanted(m).version == 2]
    liar.concealed += 1_000_000
    stage.tick()
    assert stage.ask("status")["state"] == "running"


# --- what goes wrong ---


def test_a_change_at_the_same_time_is_refused_and_the_rollout_lives(stage: Stage) -> None:
    first, second = stage.both_at_once()
    assert first["state"] == "running"
    assert isinstance(second, PresselError) and "another change" in str(second)
    stage.answer()
    stage.tick()
    assert stage.ask("status")["state"] == "running" and stage.delays()[100] == 2


def test_a_change_that_was_faster_refuses_the_rollout(stage: Stage) -> None:
    first, second = stage.both_at_once(set_first=True)
    assert first["version"] == 2
    assert isinstance(second, PresselError) and "of version 2" in str(second)
    stage.tick()
    assert stage.ask("status") == {"state": ""}


@pytest.mark.parametrize(
    ("now", "words"),
    [({DELAY: 100, "floor.silence_ms": 5}, "floor.silence_ms"), ({DELAY: 5}, "cannot be 5 ms")],
)
def test_what_this_host_cannot_try_out_waits_for_a_person(
    stage: Stage, now: dict[str, int], words: str
) -> None:
    stage.wrote(Plan(version=2, was={DELAY: 60}, now=now))
    stage.lead()
    stage.tick()
    told = stage.ask("status")
    assert told["state"] == "paused" and words in told["words"]
    assert stage.delays() == {60: 20}
    with pytest.raises(UsageError, match=words):
        stage.ask("go")
    assert stage.ask("abort")["state"] == "taken back"
    assert stage.version() == 3 and stage.delays() == {60: 20}


def test_a_plan_of_a_host_that_knows_less_leaves_the_rest_as_it_is(stage: Stage) -> None:
    stage.set({TALK: 90_000}, 1)
    stage.wrote(Plan(version=3, was={DELAY: 60}, now={DELAY: 100}))
    stage.lead(stage.engine().settings.settings)
    stage.tick()
    candidate = stage.engine().settings.candidate
    assert candidate is not None and candidate.talk_ms == 90_000
    stage.to_the_end()
    now = stage.engine().settings.settings
    assert (now.version, now.playout_delay_ms, now.talk_ms) == (3, 100, 90_000)


def test_a_clock_that_is_set_back_does_not_bring_an_earlier_step_back(stage: Stage) -> None:
    stage.clock_s = 2_000_000_000.0
    stage.start({DELAY: 100})
    stage.clock_s = 1_900_000_000.0
    stage.ask("pause")
    stage.lead()
    stage.tick()
    assert stage.ask("status")["state"] == "paused"


def test_who_led_later_has_the_last_word(stage: Stage) -> None:
    stage.wrote(Plan(version=2, was={DELAY: 60}, now={DELAY: 100}, step=7), term=4)
    stage.wrote(Plan(version=2, was={DELAY: 60}, now={DELAY: 100}, step=3, state=PAUSED), term=5)
    stage.lead()
    stage.tick()
    assert stage.ask("status")["state"] == "paused"


def test_no_step_is_the_last(stage: Stage) -> None:
    """An allowed host named the highest; steps behind it are told apart by the log's order."""
    stage.wrote(Plan(version=2, was={DELAY: 60}, now={DELAY: 100}, step=INT_MAX, state=DONE))
    stage.start({DELAY: 100})
    stage.ask("pause")
    stage.lead()
    stage.tick()
    assert stage.ask("status")["state"] == "paused"
    stage.ask("go")
    stage.to_the_end()
    assert stage.version() == 2


@pytest.mark.parametrize("version", [SETTINGS_SURE + SETTINGS_JUMP_MAX + 1, VERSION_MAX])
def test_a_version_that_cannot_be_is_no_rollout(stage: Stage, version: int) -> None:
    stage.wrote(Plan(version=version, was={DELAY: 60}, now={DELAY: 100}), term=900)
    stage.start({DELAY: 100})
    stage.to_the_end()
    assert stage.version() == 2


def test_the_next_leader_is_closed_to_other_changes_at_once(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.lead()
    with pytest.raises(PresselError, match="another change"):
        stage.set({TALK: 90_000}, 1)
    assert stage.version() == 1 and stage.delays()[100] == 2


def test_what_ended_unnoticed_is_written_down(stage: Stage) -> None:
    stage.start({DELAY: 100})
    stage.lead(Settings(5))
    stage.tick()
    assert stage.steps()[-1] == "taken back"
    stage.lead(Settings(1))  # of a host that had not heard of version 5
    stage.tick()
    assert stage.ask("status")["state"] == "taken back" and stage.delays() == {60: 20}


@pytest.mark.parametrize("refuses", ["settings set", "rollout", ""])
def test_an_end_that_the_disk_interrupts_is_told_as_it_was_and_once(
    stage: Stage, refuses: str
) -> None:
    stage.start({DELAY: 100})
    stage.to_the_end(refuses)
    for _ in range(3):
        stage.tick()
    assert stage.version() == 2
    stage.lead(stage.engine().settings.settings)
    stage.refuses = ""
    stage.tick()
    stage.tick()
    assert stage.ask("status")["state"] == "done"
    (change,) = stage.history()
    assert (change["version"], change["was"]) == (2, {DELAY: 60})
    assert stage.steps().count("done") == 1


def test_what_is_taken_back_while_the_disk_is_full_is_told_once(stage: Stage) -> None:
    stage.start({DELAY: 20})
    stage.refuses = "rollout"
    stage.answer()
    stage.tick()
    stage.talk(touched_spoilt=200)
    stage.tick()
    for _ in range(3):  # well again, as far as anybody can tell
        stage.answer()
        stage.talk()
        stage.now_s += SOAK_S
        stage.tick()
    assert stage.told == ["rollout_waits: the disk is full"]
    stage.refuses = ""
    stage.tick()
    assert stage.ask("status")["state"] == "taken back" and stage.version() == 3
    (change,) = stage.history()
    assert change["version"] == 3
    assert stage.steps() == ["running", "taken back"]


def test_who_stops_leading_meanwhile_says_so(stage: Stage) -> None:
    stage.on_thread = lambda: stage.lead(Settings(1))
    with pytest.raises(PresselError, match="another term"):
        stage.start({DELAY: 100})
    stage.on_thread = lambda: None
    stage.tick()
    assert stage.told == []


def test_the_advice_to_who_has_to_wait_can_be_followed(stage: Stage) -> None:
    stage.start({DELAY: 100})
    with pytest.raises(PresselError) as told:
        stage.set({TALK: 90_000}, 1)
    assert "rollout go" not in str(told.value)
    stage.ask("abort")
    stage.set({TALK: 90_000}, 3)


# --- of one group ---

KITCHEN = f"{DELAY}@3"


def test_a_change_for_a_group_is_tried_out_and_finished_there(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    members = stage.engine().members.all()
    for member in members[0:6]:
        member.groups = (3,)
    stage.start({KITCHEN: 100})
    for _ in range(len(STAGES)):
        chosen = [m for m in members if stage.engine().settings.of(m).version == 2]
        assert {m.groups for m in chosen} == {(3,)}
        stage.tick()
        stage.answer()
        stage.talk()
        stage.now_s += SOAK_S
        stage.tick()
    assert stage.ask("status")["state"] == "done"
    assert stage.settings.show({})["values"][KITCHEN] == 100
    assert stage.version() == 2


def test_a_change_for_a_group_that_is_taken_back_leaves_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.engine().members.all()[0].groups = (3,)
    stage.start({KITCHEN: 100})
    stage.ask("abort")
    assert KITCHEN not in stage.settings.show({})["values"]
    assert [each["was"] for each in stage.settings.history({})] == [{}]


def test_where_nobody_is_in_the_group_nothing_is_tried_out(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(UsageError, match="no badge is here"):
        stage.start({KITCHEN: 100})
