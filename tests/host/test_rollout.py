"""A change in stages: who gets it when, what its gate says, and what becomes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product

import pytest

from pressel.rollout.gate import FRAMES_MIN, Health, together, unknown, worse
from pressel.rollout.rollout import SOAK_S, WAIT_S, Plan, Rollout
from pressel.rollout.stages import (
    ABORT,
    BACK,
    BAD,
    DONE,
    GO,
    GOOD,
    JOINED,
    LAST,
    LAST_GOOD,
    PAUSE,
    PAUSED,
    RUNNING,
    STATES,
    TRIGGERS,
    UNSURE,
    Kind,
    choose,
    step,
)
from pressel.rollout.standing import ROWS
from pressel.rollout.watch import AWAY_S

VERSION = 5
MANY = FRAMES_MIN * 10


@dataclass
class Told:
    acknowledged: int = 0
    refused: bool = False


@dataclass
class Member:
    device: bytes
    node: int
    played: int = 0
    concealed: int = 0
    late: int = 0
    build: bytes = b"old"
    report: list[int] | None = None
    settings: Told = field(default_factory=Told)


def device(number: int) -> bytes:
    return number.to_bytes(8, "big")


class Venue:
    """Badges of two builds; those that are chosen answer at once."""

    def __init__(self, badges: int = 40, plan: Plan | None = None) -> None:
        self.members = [Member(device(n), n + 2) for n in range(badges)]
        for member in self.members[8::10]:
            member.build = b"new"
        self.kinds = {member.device: Kind(member.build, 0) for member in self.members}
        self.now_s = 1000.0
        given = plan or Plan(version=VERSION, was={"a": 1}, now={"a": 2})
        self.rollout = Rollout(given, self.kinds, self.now_s)
        self.look()
        self.answer()

    def look(self) -> tuple[int, str] | None:
        kinds = {member.device: Kind(member.build, 0) for member in self.members}
        return self.rollout.look(self.members, kinds, self.now_s)

    def touched(self) -> list[Member]:
        return [m for m in self.members if m.device in self.rollout.chosen]

    def others(self) -> list[Member]:
        return [m for m in self.members if m.device not in self.rollout.chosen]

    def answer(self) -> None:
        for member in self.touched():
            member.settings.acknowledged = VERSION

    def talk(self, touched_spoilt: float = 0.0, others_spoilt: float = 0.0) -> None:
        for members, share in ((self.touched(), touched_spoilt), (self.others(), others_spoilt)):
            for member in members:
                member.concealed += int(MANY * share)
                member.played += MANY - int(MANY * share)

    def report(self, members: list[Member], starts: int, restart: int, trip_ms: int) -> None:
        for member in members:
            member.report = [50, 0, 6, 90, starts, restart, 100, 1, 1, 60, trip_ms, 0]

    def fire(self, trigger: int) -> str:
        self.rollout.plan, action = self.rollout.fire(trigger, "")
        if action in ("widen", "go_on"):
            self.rollout.begin_stage(self.kinds, self.now_s)
            self.look()
            self.answer()
        return action

    def soak(self) -> tuple[int, str] | None:
        self.now_s += SOAK_S
        return self.look()


# --- the table ---


def test_what_is_over_stays_over() -> None:
    for state, trigger in product((DONE, BACK), range(len(TRIGGERS))):
        assert step(state, trigger) == (state, "")


def test_nobody_but_a_person_goes_on_from_a_pause() -> None:
    nexts = {TRIGGERS[t]: STATES[step(PAUSED, t)[0]] for t in range(len(TRIGGERS))}
    assert [name for name, state in nexts.items() if state == "running"] == ["go"]
    assert nexts["bad"] == nexts["abort"] == "taken back"


def test_each_state_can_be_left_for_good_by_the_operator() -> None:
    for state in (RUNNING, PAUSED):
        assert step(state, ABORT) == (BACK, "take_back")


# --- who gets it ---


def test_each_stage_has_the_badges_of_the_one_before() -> None:
    for badges in (1, 2, 3, 7, 40, 100):
        kinds = {device(n): Kind(b"%d" % (n % 3), n % 2) for n in range(badges)}
        sets = [choose(stage, VERSION, kinds) for stage in range(LAST + 1)]
        assert sets[0] <= sets[1] <= sets[2] <= sets[3] == kinds.keys()
        assert len(sets[2]) * 2 >= badges


def test_the_canary_has_two_of_each_build_and_board_at_each_access_point_and_no_more() -> None:
    kinds = {
        device(n): Kind(b"old" if n < 90 else b"new", n % 3, "c3" if 30 <= n < 60 else "")
        for n in range(100)
    }
    chosen = [kinds[each] for each in choose(0, VERSION, kinds)]
    assert {kind: chosen.count(kind) for kind in chosen} == dict.fromkeys(kinds.values(), 2)


def test_another_change_begins_with_other_badges() -> None:
    kinds = {device(n): Kind(b"old", 0) for n in range(100)}
    assert len({choose(0, version, kinds) for version in range(2, 12)}) > 5


# --- the gate ---


def heard(*spoilt: int, frames: int = MANY) -> Health:
    """Badges that missed so many of `frames` each."""
    return together(Health(badges=1, frames=frames, spoilt=each) for each in spoilt)


@pytest.mark.parametrize(
    ("touched", "others", "words"),
    [
        (Health(badges=4, refused=1), Health(badges=36), "refuse"),
        (Health(badges=4, lost=2), Health(badges=36, lost=2), "went away"),
        (Health(badges=4, lost=2, anew=2), Health(badges=36, lost=20), "joined anew"),
        (Health(badges=40, lost=9, anew=9), Health(), "joined anew"),
        (heard(400, 400), heard(100, 100, 100), "missed 8.0% .* others 2.0%"),
        (heard(5000, 5000, *[0] * 8), heard(*[0] * 10), "missed"),  # deaf are two of ten
        (heard(400, 400), Health(), "no other badge is here"),
    ],
)
def test_what_is_worse(touched: Health, others: Health, words: str) -> None:
    assert re.search(words, worse(touched, others))


@pytest.mark.parametrize(
    ("touched", "others"),
    [
        (Health(badges=4, lost=1), Health(badges=36)),  # one was switched off
        (Health(badges=4, lost=2), Health(badges=36, lost=20)),  # the power went
        (Health(badges=4, lost=4), Health(badges=36, lost=9)),  # people go home
        (Health(badges=40, lost=40), Health()),
        (heard(400, 400), heard(390, 390)),  # bad radio
        (heard(200, 200, frames=FRAMES_MIN - 1), heard(0, 0)),  # too little
        (heard(5000, 0), heard(0, 0, 0)),  # one badge that is broken, or lies
        (heard(5000, 0, 0, 0), heard(0, 0, 0)),
        (heard(400, 400), Health(badges=36)),  # who knows how the others would fare
        (heard(400, 400), heard(0, 0, frames=FRAMES_MIN - 1)),
    ],
)
def test_what_is_no_worse(touched: Health, others: Health) -> None:
    assert worse(touched, others) == ""


def test_one_badge_among_the_others_does_not_hide_what_is_bad() -> None:
    assert "missed" in worse(heard(400, 400), heard(5000, 0, 0))


def test_what_is_not_known() -> None:
    well = heard(0, 0, 0, 0)
    assert unknown(well, well) == ""
    assert unknown(well, Health()) == ""  # nobody is left to compare with
    assert unknown(heard(0), well) == ""  # the only one
    assert "answered" in unknown(Health(badges=4, silent=1, frames=MANY), well)
    assert "too little" in unknown(Health(badges=4), well)
    assert "too little" in unknown(together((heard(0), Health(badges=1))), well)
    assert "the other badges" in unknown(well, Health(badges=36))


def test_a_badge_that_is_off_is_not_waited_for() -> None:
    off = Health(badges=1, lost=1)
    assert unknown(together((heard(0), off)), heard(0, 0)) == ""
    assert unknown(heard(0, 0), together((off, off, heard(0)))) == ""
    assert "too little" in unknown(together((off, off)), heard(0, 0))


# --- a change on its way ---


def test_a_good_change_reaches_all_stage_by_stage() -> None:
    venue = Venue()
    sizes, action = [], ""
    for stage in range(LAST + 1):
        assert venue.rollout.plan.stage == stage
        sizes.append(len(venue.touched()))
        venue.talk()
        assert venue.look() is None  # not yet
        found = venue.soak()
        trigger = LAST_GOOD if stage == LAST else GOOD
        assert found == (trigger, "")
        action = venue.fire(trigger)
    assert sizes[0] == 4 <= sizes[1] < 20 <= sizes[2] < 40 == sizes[3]
    assert action == "finish" and venue.rollout.plan.state == DONE


def test_a_change_that_ruins_speech_reaches_the_canary_only() -> None:
    venue = Venue()
    venue.talk(touched_spoilt=0.3)
    found = venue.look()
    assert found is not None and found[0] == BAD  # at once, not at the end of the stage
    assert len(venue.touched()) == 4
    assert venue.fire(BAD) == "take_back" and venue.rollout.plan.state == BACK


def test_badges_that_a_change_cuts_off_are_noticed() -> None:
    venue = Venue()
    gone = {member.device for member in venue.touched()[:2]}
    venue.members = [member for member in venue.members if member.device not in gone]
    assert venue.look() is None  # they may be back at once
    venue.now_s += AWAY_S
    found = venue.look()
    assert found is not None and found[0] == BAD


def to_all(venue: Venue, others_spoilt: float = 0.0) -> None:
    """As far as the last stage, in which badges that have it are as well as the others were."""
    for _ in range(LAST):
        venue.talk(others_spoilt, others_spoilt)
        assert venue.soak() == (GOOD, "")
        venue.fire(GOOD)
    assert not venue.others()


def test_what_is_bad_where_all_have_it_is_taken_back() -> None:
    venue = Venue()
    to_all(venue)
    venue.talk(touched_spoilt=0.05)
    found = venue.look()
    assert found is not None and found[0] == BAD and "the others 0.0%" in found[1]
    assert venue.fire(BAD) == "take_back"


def test_where_all_have_it_they_are_compared_with_the_others_before() -> None:
    """Also by a host that takes over: it finds that in the plan."""
    first = Venue()
    to_all(first, others_spoilt=0.05)
    kept = Plan.model_validate_json(first.rollout.plan.model_dump_json())
    for venue in (first, Venue(plan=kept)):
        venue.talk(touched_spoilt=0.06)
        assert venue.soak() == (LAST_GOOD, "")


def test_badges_that_join_anew_when_all_have_it_end_it() -> None:
    venue = Venue()
    to_all(venue)
    for member in venue.members[:6]:
        member.node += 1000
    found = venue.look()
    assert found is not None and found[0] == BAD and "6 of 40" in found[1]


@pytest.mark.parametrize("stage", [0, LAST])
def test_the_end_of_a_shift_is_no_fault_of_a_change(stage: int) -> None:
    """Most go home, those with the change among them; next morning it goes on."""
    venue = Venue()
    if stage:
        to_all(venue)
    everybody = venue.members
    staying = venue.members[6:9]
    venue.members = [each for each in staying if each not in venue.touched()[:2]]
    venue.look()
    venue.now_s += AWAY_S
    assert venue.look() is None
    assert venue.soak() is None  # nobody can tell
    venue.now_s += WAIT_S
    found = venue.look()
    assert found is not None and found == (UNSURE, "badges are being switched off")
    venue.members = everybody
    for member in everybody:
        member.node += 1000
        member.played = member.concealed = 0
    venue.fire(UNSURE)
    assert venue.look() is None
    venue.fire(GO)
    venue.talk()
    assert venue.soak() == ((GOOD, "") if stage == 0 else (LAST_GOOD, ""))


def test_who_has_joined_anew_before_it_goes_home_has_gone_home() -> None:
    venue = Venue()
    leaving = venue.others()[:5]
    for member in leaving:
        member.node += 1000
    venue.look()
    venue.members = [each for each in venue.members if each not in leaving]
    venue.look()
    venue.now_s += AWAY_S
    venue.look()
    others = venue.rollout.measured()[1]
    assert (others.lost, others.anew) == (5, 0) and others.is_ending()


def test_one_badge_that_is_switched_off_does_not_halt_a_change() -> None:
    venue = Venue()
    venue.touched()[0].settings.acknowledged = 0
    venue.look()
    venue.members.remove(venue.touched()[0])
    venue.talk()
    assert venue.soak() == (GOOD, "")


def test_a_build_that_joins_last_gets_a_canary_before_all_have_the_change() -> None:
    venue = Venue()
    for _ in range(LAST):
        venue.talk()
        assert venue.soak() == (GOOD, "")
        venue.fire(GOOD)
    for number in range(100, 103):
        venue.members.append(Member(device(number), number + 2))
        venue.kinds[device(number)] = Kind(b"newest", 0)
        venue.members[-1].build = b"newest"
    venue.talk()
    found = venue.soak()
    assert found == (JOINED, "badges of another build or board have joined")
    assert venue.fire(JOINED) == "go_on"
    newest = [m for m in venue.touched() if m.build == b"newest"]
    assert 2 <= len(newest) <= 3 and venue.rollout.plan.stage == LAST
    venue.talk()
    assert venue.soak() == (LAST_GOOD, "")


def test_a_badge_that_joins_anew_counts_as_lost_and_its_counts_begin_anew() -> None:
    venue = Venue()
    venue.talk()
    venue.look()
    member = venue.touched()[0]
    member.node, member.played, member.concealed, member.late = 900, 9, 1, 1
    venue.look()
    touched, _ = venue.rollout.measured()
    assert (touched.lost, touched.frames, touched.spoilt) == (1, 4 * MANY + 10, 1)


def test_without_speech_it_waits_and_then_asks_a_person() -> None:
    venue = Venue()
    assert venue.soak() is None
    venue.now_s += WAIT_S
    found = venue.look()
    assert found is not None and found[0] == UNSURE
    assert venue.fire(UNSURE) == "hold"
    venue.talk()
    assert venue.soak() is None  # good as it is now, it waits for the person
    venue.talk(touched_spoilt=0.9)
    found = venue.look()
    assert found is not None and found[0] == BAD


def test_who_goes_on_after_a_pause_measures_anew() -> None:
    venue = Venue()
    venue.talk(touched_spoilt=0.01)
    venue.fire(PAUSE)
    assert venue.fire(GO) == "go_on"
    assert venue.rollout.measured()[0].frames == 0
    venue.talk()
    assert venue.soak() == (GOOD, "")


def test_a_plan_is_kept_and_read_again() -> None:
    plan = Plan(version=9, was={"a": 1}, now={"a": 2}, state=PAUSED, stage=1, words="who knows")
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    again = Venue(plan=plan.model_copy(update={"version": VERSION}))
    assert len(again.touched()) == len(choose(1, VERSION, again.kinds))


# --- what badges report of themselves ---

POWER_ON, RESET, HUNG, UNKNOWN_MS = 1, 2, 3, 0xFFFF


@pytest.mark.parametrize(
    ("starts", "restart", "is_bad"),
    [(7, HUNG, False), (8, HUNG, True), (8, RESET, True), (8, POWER_ON, False), (8, 5, False)],
)
def test_badges_that_crash_with_it_take_it_back(starts: int, restart: int, is_bad: bool) -> None:
    """Also where each joins anew once, as with another network: that alone is no harm."""
    network = Plan(version=VERSION, was={"wifi.network": 1}, now={"wifi.network": 2})
    for plan in (None, network):
        venue = Venue(plan=plan)
        venue.report(venue.members, 7, HUNG, 10)  # long ago
        assert venue.look() is None
        venue.report(venue.touched()[:1], starts, restart, 10)
        assert venue.look() is None  # one may be broken
        venue.report(venue.touched(), starts, restart, 10)
        found = venue.look()
        assert (found is not None) == is_bad
        if found is not None:
            assert found[0] == BAD and "4 of 4 badges that have it crashed, 0 of the 36" in found[1]
            venue.report(venue.others(), starts, restart, 10)  # all do
            assert venue.look() is None


@pytest.mark.parametrize("restart", [HUNG, RESET])
def test_a_count_of_starts_that_turns_over_is_one_start(restart: int) -> None:
    venue = Venue()
    venue.report(venue.members, 0xFFFF, POWER_ON, 10)
    venue.look()
    venue.report(venue.touched(), 0, restart, 10)
    assert venue.look() is not None


def test_answers_that_take_longer_take_it_back() -> None:
    venue = Venue()
    for trip_ms, expected in ((110, None), (UNKNOWN_MS, None), (600, BAD)):
        venue.report(venue.touched(), 1, 1, trip_ms)
        venue.report(venue.others(), 1, 1, 20)
        found = venue.look()
        assert (found and found[0]) == expected
    assert found is not None and "after 20 ms" in found[1]
    one = Venue()
    one.report(one.touched()[:1], 1, 1, 9000)  # the slowest counts for nothing
    one.report(one.touched()[1:], 1, 1, 20)
    one.report(one.others(), 1, 1, 20)
    assert one.look() is None


def test_a_person_reads_the_rating_that_follows_from_the_frames() -> None:
    venue = Venue()
    assert ROWS["rating R"](venue.rollout.measured()[0]) == "not known"
    assert ROWS["answer after"](venue.rollout.measured()[0]) == "not known"
    venue.talk(0.06, 0.0)
    venue.report(venue.members, 1, 1, 20)
    venue.look()
    touched, others = venue.rollout.measured()
    assert (ROWS["rating R"](touched), ROWS["rating R"](others)) == ("39", "52")
    assert ROWS["answer after"](touched) == "20 ms"
