"""One change on its way to all badges: its plan, its stage, and what the stage's gate says.

Its owner does what `fire` names, and asks `look` again and again. Times are passed in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from ptt.base.numbers import INT_MAX
from ptt.cluster.versions import VERSION_MAX

from . import stages
from .gate import NOBODY, Health, unknown, worse
from .stages import BAD, GOOD, JOINED, LAST, LAST_GOOD, PAUSED, RUNNING, UNSURE, Kind
from .watch import Member, Watch

SOAK_S = 600  # a stage lasts at least so long: some bursts in each group, and a walk to the cellar
NETWORK = "wifi.network"  # whose change makes badges join anew
WAIT_S = 4 * 3600  # half a shift without enough speech to tell; then a person is asked


class Steps(BaseModel):
    """How far a change is, which outlives the host that leads. `version`: of the change; `state`
    and `stage` as in `stages`; `words`: why it is in that state; `before`: how badges without it
    were in the last stage that had some; `step`: goes up with each that is written down."""

    version: int = Field(ge=1, le=INT_MAX)
    why: str = ""
    who: str = ""
    state: int = Field(default=RUNNING, ge=0, lt=len(stages.STATES))
    stage: int = Field(default=0, ge=0, le=LAST)
    words: str = ""
    before: Health = NOBODY
    step: int = Field(default=0, ge=0, le=INT_MAX)

    def is_over(self) -> bool:
        return self.state not in (RUNNING, PAUSED)

    @property
    def next_step(self) -> int:
        """At its end it stays there: then the order of the log's entries tells which is later."""
        return min(self.step + 1, INT_MAX)

    @property
    def moves(self) -> bool:
        """Whether each badge that gets it joins anew once, and comes to no harm by that."""
        return False

    @property
    def restarts(self) -> bool:
        """Whether it does so because its program starts anew."""
        return False


class Plan(Steps):
    """Of a change of the settings. `was` and `now`: all values by key."""

    version: int = Field(ge=2, le=VERSION_MAX)  # it can be taken back by the next one
    was: dict[str, int]
    now: dict[str, int]

    @property
    def moves(self) -> bool:
        return self.was.get(NETWORK) != self.now.get(NETWORK)


P = TypeVar("P", bound=Steps)


class Rollout(Generic[P]):
    """`plan` is as it was when its last step was written down; those `chosen` have the change."""

    def __init__(
        self,
        plan: P,
        kinds: Mapping[bytes, Kind],
        now_s: float,
        chosen: frozenset[bytes] = frozenset(),
    ) -> None:
        self.plan = plan
        self.chosen = chosen
        self.begin_stage(kinds, now_s)

    def begin_stage(self, kinds: Mapping[bytes, Kind], now_s: float) -> None:
        """`kinds`: by device, of the badges that are here and that the change is about."""
        self._makes = {each.make for each in kinds.values()}
        self.chosen |= stages.choose(self.plan.stage, self.plan.version, kinds)
        self.measure_anew(now_s)

    def leave_out(self, devices: Collection[bytes], now_s: float) -> None:
        """These badges cannot get it; the stage is measured anew without them."""
        self.chosen -= frozenset(devices)
        self.measure_anew(now_s)

    def measure_anew(self, now_s: float) -> None:
        """The stage lasts from now on."""
        self._begun_s = now_s
        plan = self.plan
        self._watch = Watch(plan.version, self.chosen, moves=plan.moves, restarts=plan.restarts)

    def look(
        self, members: Sequence[Member], kinds: Mapping[bytes, Kind], now_s: float
    ) -> tuple[int, str] | None:
        """A trigger of `stages` and why, or None while there is nothing to do. `kinds` as for
        `begin_stage`."""
        self._watch.look(members, now_s)
        touched, others = self.measured()
        if self.plan.stage == LAST:  # who has come since is too few to compare with
            others = NOBODY
        if why := worse(touched, others, self.plan.before):
            return BAD, why
        if self.plan.state != RUNNING or now_s - self._begun_s < SOAK_S:
            return None
        if not (why := unknown(touched, others)):
            return self._good(kinds)
        return (UNSURE, why) if now_s - self._begun_s >= WAIT_S else None

    def _good(self, kinds: Mapping[bytes, Kind]) -> tuple[int, str]:
        if self.plan.stage < LAST:
            return GOOD, ""
        if not self._makes.issuperset(each.make for each in kinds.values()):
            return JOINED, "badges of another build or board have joined"
        return LAST_GOOD, ""

    def fire(self, trigger: int, why: str) -> tuple[P, str]:
        """The plan as it is after `trigger`, and the action to do."""
        state, action = stages.step(self.plan.state, trigger)
        stage = self.plan.stage + (action == "widen")
        update: dict[str, Any] = {
            "state": state,
            "stage": stage,
            "words": why,
            "step": self.plan.next_step,
        }
        if action == "widen" and (others := self.measured()[1]).badges:
            update["before"] = others
        return self.plan.model_copy(update=update), action

    def measured(self) -> tuple[Health, Health]:
        """Of the badges that have the change, and of the others, since the stage began."""
        return self._watch.touched(), self._watch.others()

    def standing(self, changed: str, now_s: float) -> dict[str, Any]:
        """How it goes, for programs and pages; `changed` says what it changes."""
        plan = self.plan
        touched, others = self.measured()
        return {
            "state": stages.STATES[plan.state],
            "stage": stages.STAGES[plan.stage],
            "words": plan.words,
            "version": plan.version,
            "why": plan.why,
            "who": plan.who,
            "changed": changed,
            "since_s": round(self.since_s(now_s)),
            "touched": touched.as_json(),
            "others": others.as_json(),
        }

    def since_s(self, now_s: float) -> float:
        """How long the stage has run."""
        return now_s - self._begun_s
