"""A release that reaches a few badges first, by the table that changes of the settings follow: what
badges that run it are compared in, and what the campaign does then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pressel.errors import UsageError
from pressel.rollout.rollout import Rollout
from pressel.rollout.stages import RUNNING, STATES
from ptt.leader.members import Member

from .campaign import Campaigner, Progress, ReleasePlan
from .release import Release

_ANSWERED = ("done", "failed")  # a badge has kept the release, or will not have it


class Members(Protocol):
    def all(self) -> Sequence[Member]: ...


@dataclass
class _Answer:
    """What a badge has said of the release, as `rollout.watch` wants it."""

    acknowledged: int
    refused: bool


class _Updated:
    """A member as the gate looks at it."""

    def __init__(self, member: Member, known: Progress | None, plan: ReleasePlan, is_bad: bool):
        self.device, self.node, self.build = member.device, member.node, member.build
        self.played, self.concealed, self.late = member.played, member.concealed, member.late
        self.report = member.report
        state = known.state if known is not None else ""
        answered = plan.version if state in _ANSWERED else 0
        self.settings = _Answer(answered, is_bad and state == "failed")


class Staged:
    """The stages of what `runs` hands out to `members`. Times are passed in."""

    def __init__(self, runs: Campaigner, members: Members) -> None:
        self._runs = runs
        self._members = members
        self._rollout: Rollout[ReleasePlan] | None = None
        self._is_everywhere = False  # all badges of the stage have said how it went

    def begin(
        self, found: dict[str, Release], flags: int, why: str, who: str, now_s: float
    ) -> None:
        """With the release in `found`. UsageError when that cannot be."""
        plan = ReleasePlan(version=next(iter(found.values())).number, why=why, who=who)
        kinds = self._runs.kinds()
        if not kinds:
            raise UsageError("no badge is here to try it out")
        rollout = Rollout(plan, kinds, now_s)
        self._runs.begin_stages(plan, rollout.chosen, flags, found)
        self._rollout, self._is_everywhere = rollout, False

    @property
    def plan(self) -> ReleasePlan | None:
        """How far the last one is; None when there was none, or it was forgotten."""
        campaign = self._runs.campaign
        return campaign.plan if campaign is not None else None

    def rollout(self, now_s: float) -> Rollout[ReleasePlan] | None:
        """With its figures; of one that another host began, measured from now on."""
        plan = self.plan
        if plan is None:
            return None
        if self._rollout is None or self._rollout.plan != plan:
            assert self._runs.campaign is not None
            has_it = frozenset(map(bytes.fromhex, self._runs.campaign.badges))
            kinds = {} if plan.is_over() else self._runs.kinds()
            self._rollout, self._is_everywhere = Rollout(plan, kinds, now_s, has_it), False
        return self._rollout

    def look(self, now_s: float) -> tuple[int, str] | None:
        """A trigger of `rollout.stages` and why; None while there is nothing to do."""
        runs = self.rollout(now_s)
        if runs is None or runs.plan.is_over():
            return None
        kinds = self._runs.kinds()
        left_out = self._runs.left_out()
        if gone := runs.chosen & left_out:  # soft badges, and such as only a cable reaches
            runs.leave_out(gone, now_s)
            runs.begin_stage(kinds, now_s)
        if runs.plan.state == RUNNING and not self._has_offered(runs.chosen):
            self._hand_out(runs)
        found = runs.look(self._seen(runs.plan, left_out), kinds, now_s)
        if not self._is_everywhere and not runs.measured()[0].silent:
            self._is_everywhere = True  # the stage lasts from when all of its badges have it
            runs.measure_anew(now_s)
            runs.look(self._seen(runs.plan, left_out), kinds, now_s)
            return found if found is not None and found[1] else None
        return found

    def fire(self, trigger: int, why: str, now_s: float) -> ReleasePlan:
        """Do what the table says; how far it is then. UsageError when it means nothing now."""
        runs = self.rollout(now_s)
        if runs is None or runs.plan.is_over():
            raise UsageError("no release is being rolled out; see `pressel rollout status`")
        plan, action = runs.fire(trigger, why)
        if not action:
            raise UsageError(f"the release is {STATES[runs.plan.state]} already")
        if action == "take_back":
            self._take_back(plan)
        elif action == "hold":
            self._runs.take_step(plan, (), paused=why or "you paused it")
        elif action == "finish":
            self._runs.take_step(plan, ())
        runs.plan = self.plan or plan
        if action in ("widen", "go_on"):
            runs.plan = plan
            runs.begin_stage(self._runs.kinds(), now_s)
            self._is_everywhere = False
            self._hand_out(runs)
        return plan

    # --- inside ---

    def _has_offered(self, chosen: frozenset[bytes]) -> bool:
        """Whether all of them are on the campaign's list: after a failover badges stand at other
        access points, so others may be chosen, too."""
        campaign = self._runs.campaign
        return campaign is not None and all(each.hex() in campaign.badges for each in chosen)

    def _hand_out(self, runs: Rollout[ReleasePlan]) -> None:
        """Badges that failed do not try again by themselves."""
        self._runs.take_step(runs.plan, runs.chosen)

    def _take_back(self, plan: ReleasePlan) -> None:
        words = f"taken back: {plan.words}" if plan.words else "taken back"
        self._runs.take_step(plan, (), paused=words)
        self._runs.go_back(plan)

    def _seen(self, plan: ReleasePlan, left_out: frozenset[bytes]) -> list[_Updated]:
        campaign = self._runs.campaign
        badges = campaign.badges if campaign is not None else {}
        is_bad = self._runs.fails_too_often()
        return [
            _Updated(each, badges.get(each.device.hex()), plan, is_bad)
            for each in self._members.all() if each.device not in left_out
        ]  # fmt: skip
