"""A release in stages: a few badges first, more when these are well, taken back when they are not;
by the table and the gate that changes of the settings have."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.host.test_update_host import Fleet, believed, build, key
from tests.signers import own_state

from pressel.errors import UsageError
from pressel.rollout.gate import FRAMES_MIN
from pressel.rollout.rollout import SOAK_S, WAIT_S
from pressel.rollout.stages import ABORT, BACK, DONE, GO, PAUSE, PAUSED, RUNNING, STAGES
from pressel.signer.signer import Signer
from pressel.update.campaign import IN_ROM, Progress, ReleasePlan
from pressel.update.library import Library
from pressel.update.release import sign_build
from pressel.update.staged import Staged
from ptt.leader import distributor
from ptt.link import update_manifest as manifest
from ptt.wire import messages

__all__ = ["key", "own_state"]

BADGES = 12
OLD, NEW = b"0.1.1", b"0.2.0"


class Stage(Fleet):
    """Twelve badges at one access point; what they say is said for them."""

    def __init__(self, folder: Path, key: Signer, badges: int = BADGES) -> None:
        believed(folder / "state", key).add(self.package(folder, key))
        super().__init__(folder / "state", key, badges)
        self.now_s = 0.0
        for member in self.members():
            member.build = OLD
        self.staged = Staged(self.campaigner, self.venue.leader.members)

    @staticmethod
    def package(folder: Path, key: Signer) -> Path:
        sign_build(build(folder / "build"), "any", key, folder / "release.zip")
        return folder / "release.zip"

    def again(self) -> None:
        """Another host leads, on a copy of the disk."""
        super().again()
        self.staged = Staged(self.campaigner, self.venue.leader.members)

    def members(self) -> list:
        return self.venue.leader.members.all()

    def begin(self, flags: int = 0) -> None:
        found = Library(self.state).get(2)
        self.staged.begin(found, flags, "new", "ann", self.now_s)
        self.look()

    def look(self, after_s: float = 0.0) -> str:
        """What is done then, as the table names the trigger; "" when nothing is."""
        self.now_s += after_s
        found = self.staged.look(self.now_s)
        if found is None:
            return ""
        self.staged.fire(*found, self.now_s)
        return found[1] or "good"

    def chosen(self) -> set[bytes]:
        campaign = self.campaigner.campaign
        assert campaign is not None
        return set(map(bytes.fromhex, campaign.badges))

    def end(self, state: int, reason: int = 0, only: set[bytes] | None = None) -> None:
        """Badges of the stage answer, and join anew with the build that they run."""
        number = self.campaigner.campaign.release if self.campaigner.campaign else 0
        for member in self.members():
            if member.device in (only or self.chosen()):
                self.campaigner.on_told(member.device, number, state, reason)
                if state == distributor.DONE and member.build != NEW:
                    member.build, member.node = NEW, member.node + 1000
                    member.played = member.concealed = 0

    def talk(self, spoilt: float = 0.0) -> None:
        """All hear; those that have the release miss a share of it."""
        for member in self.members():
            lost = spoilt if member.build == NEW else 0.0
            member.concealed += int(10 * FRAMES_MIN * lost)
            member.played += 10 * FRAMES_MIN

    def go_through(self, stages: int) -> None:
        for _ in range(stages):
            self.end(distributor.DONE)
            assert self.look() == ""
            self.talk()
            assert self.look(SOAK_S) == "good"

    @property
    def plan(self) -> ReleasePlan:
        assert self.staged.plan is not None
        return self.staged.plan


@pytest.fixture
def stage(tmp_path: Path, key: Signer) -> Stage:
    return Stage(tmp_path, key)


def test_a_good_one_reaches_two_a_tenth_half_and_all(stage: Stage) -> None:
    stage.begin()
    counts = []
    for _ in STAGES:
        counts.append(len(stage.chosen()))
        stage.go_through(1)
    assert counts == [2, 2, 6, BADGES]
    assert stage.plan.state == DONE and stage.states() == ["done"] * BADGES
    assert stage.campaigner.status()["stage"] == "all"


def test_a_stage_lasts_from_when_all_of_its_badges_have_it(stage: Stage) -> None:
    stage.begin()
    stage.talk()
    assert stage.look(SOAK_S) == ""
    stage.end(distributor.DONE)
    stage.talk()
    assert stage.look(1) == ""
    stage.talk()
    assert stage.look(SOAK_S - 1) == "" and stage.look(1) == "good"


def test_badges_that_hear_worse_with_it_stop_it_and_no_other_gets_it(stage: Stage) -> None:
    stage.begin()
    stage.end(distributor.DONE)
    stage.look()
    stage.talk(spoilt=0.2)
    assert "missed" in stage.look()
    assert stage.plan.state == BACK and len(stage.chosen()) == 2
    assert "taken back" in stage.campaigner.status()["paused"]
    assert not stage.venue.leader.updates.jobs()
    with pytest.raises(UsageError, match="no release is being rolled out"):
        stage.staged.fire(GO, "", stage.now_s)


def test_badges_that_fall_back_stop_it(stage: Stage) -> None:
    stage.begin()
    stage.end(distributor.FAILED, messages.UPDATE_REASON_FELL_BACK)
    assert "2 of 2 badges refuse it" in stage.look()
    assert stage.plan.state == BACK


def test_whoever_begins_again_lets_those_that_failed_try_again(stage: Stage) -> None:
    stage.begin()
    stage.end(distributor.FAILED, messages.UPDATE_REASON_FELL_BACK)
    stage.look()
    assert stage.states().count("failed") == 2 and stage.plan.state == BACK
    stage.begin()
    assert stage.plan.state == RUNNING and stage.states().count("waiting") == 2
    campaign = stage.campaigner.campaign
    assert campaign is not None and campaign.flags & manifest.AGAIN
    stage.go_through(1)


def test_one_broken_badge_of_many_stops_nothing(stage: Stage) -> None:
    stage.begin()
    stage.go_through(2)
    first = min(stage.chosen())
    stage.end(distributor.DONE, only=stage.chosen() - {first})
    stage.end(distributor.FAILED, messages.UPDATE_REASON_FLASH, only={first})
    assert stage.look() == ""
    stage.talk()
    assert stage.look(SOAK_S) == "good" and stage.plan.state == RUNNING


def test_badges_that_crash_after_they_have_kept_it_stop_it(stage: Stage) -> None:
    """The restart into the release is none, nor is one of a single badge."""
    watchdog, reset = 3, 2
    stage.begin()
    told = lambda starts, cause: [50, 0, 6, 90, starts, cause, 99, 1, 1, 60, 9, 0]  # noqa: E731
    for member in stage.members():
        member.report = told(4, reset)
    stage.look()
    stage.end(distributor.DONE)
    for member in stage.members():
        member.report = told(4 + (member.build == NEW), reset)
    assert stage.look() == ""
    one, two = (member for member in stage.members() if member.build == NEW)
    one.report = told(9, watchdog)
    assert stage.look() == ""
    two.report = told(6, watchdog)
    assert "2 of 2 badges that have it crashed" in stage.look()


def test_who_leads_next_goes_on_with_the_same_badges(stage: Stage) -> None:
    stage.begin()
    few = stage.chosen()
    stage.end(distributor.DONE, only={min(few)})
    stage.again()
    stage.look()
    assert stage.chosen() == few and stage.plan.state == RUNNING
    assert sorted(filter(None, stage.states())) == ["done", "waiting"]
    stage.go_through(2)
    half = stage.chosen()
    stage.again()
    assert stage.look() == "" and stage.chosen() == half and STAGES[stage.plan.stage] == "50 %"
    stage.go_through(2)
    assert stage.plan.state == DONE


def test_badges_that_have_moved_meanwhile_are_still_those_that_have_it(stage: Stage) -> None:
    """Others are the first at their new access points, and get it, too."""
    stage.begin()
    few = stage.chosen()
    stage.end(distributor.DONE)
    stage.look()
    for member in stage.members():
        point = 7 if member.device in few else 9
        member.report = [50, point, 6, 90, 1, 1, 99, 1, 1, 60, 9, 0]
    stage.again()
    stage.look()
    runs, campaign = stage.staged.rollout(stage.now_s), stage.campaigner.campaign
    assert runs is not None and few < runs.chosen == stage.chosen() and campaign is not None
    assert len(runs.chosen) == 4
    guest = next(each.device for each in stage.members() if each.device not in runs.chosen)
    campaign.badges[guest.hex()] = Progress(state="done")  # the first, before others had come
    stage.campaigner.take_step(stage.plan, ())
    stage.again()
    runs = stage.staged.rollout(stage.now_s)
    assert runs is not None and guest in runs.chosen


def test_a_person_holds_it_goes_on_and_takes_it_back(stage: Stage) -> None:
    stage.begin()
    stage.staged.fire(PAUSE, "by ann", stage.now_s)
    assert stage.plan.state == PAUSED and not stage.venue.leader.updates.jobs()
    assert stage.campaigner.status()["paused"] == "by ann"
    stage.again()
    assert stage.look() == "" and not stage.venue.leader.updates.jobs()
    stage.staged.fire(GO, "by ann", stage.now_s)
    assert not stage.campaigner.status()["paused"]
    assert len(stage.venue.leader.updates.jobs()) == 2
    stage.staged.fire(ABORT, "by ann", stage.now_s)
    assert stage.plan.state == BACK and not stage.venue.leader.updates.jobs()


def test_where_too_little_is_said_a_person_is_asked(stage: Stage) -> None:
    stage.begin()
    stage.end(distributor.DONE)
    stage.look()
    assert stage.look(SOAK_S) == ""
    assert "too little speech" in stage.look(WAIT_S)
    assert stage.plan.state == PAUSED


def test_computers_and_badges_with_an_image_are_left_out_for_others(stage: Stage) -> None:
    stage.begin()
    first, second = sorted(stage.chosen())
    stage.end(distributor.FAILED, IN_ROM, only={first})
    assert stage.campaigner.campaign is not None
    stage.campaigner.campaign.apart = [second.hex()]
    del stage.campaigner.campaign.badges[second.hex()]
    assert stage.look() == ""
    others = stage.chosen() - {first, second}
    assert len(others) == 2
    stage.end(distributor.DONE, only=others)
    stage.look()
    stage.talk()
    assert stage.look(SOAK_S) == "good"


def test_one_change_at_a_time(stage: Stage) -> None:
    stage.begin()
    for begin in (stage.begin, lambda: stage.campaigner.start(2, "all")):
        with pytest.raises(UsageError, match=r"rolled out in stages|under way"):
            begin()
    with pytest.raises(UsageError, match="pressel rollout pause"):
        stage.campaigner.pause("x")
    assert len(stage.chosen()) == 2
    stage.campaigner.cancel()
    assert stage.staged.plan is None and stage.look() == ""


def test_who_has_a_bad_one_gets_one_that_is_signed_for_the_way_back(
    tmp_path: Path, key: Signer
) -> None:
    stage = Stage(tmp_path, key)
    older = build(tmp_path / "older", release=1)
    sign_build(older, "any", key, tmp_path / "older.zip", flags=manifest.DOWNGRADE)
    Library(stage.state).add(tmp_path / "older.zip")
    stage.begin()
    few = stage.chosen()
    stage.end(distributor.DONE)
    stage.look()
    stage.talk(spoilt=0.2)
    stage.look()
    jobs = stage.venue.leader.updates.jobs()
    assert {job.device for job in jobs} == few
    assert {job.release.number for job in jobs} == {1}
    assert stage.plan.state == BACK and stage.look() == ""
    stage.again()
    assert {job.release.number for job in stage.venue.leader.updates.jobs()} == {1}
