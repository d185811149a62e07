"""One change on its way to all badges: its plan, its stage, and what the stage's gate says.

Its owner does what `fire` names, and asks `look` again and again. Times are passed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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


class Plan(BaseModel):
    """What outlives the host that leads. `version`: of the change; `was` and `now`: all values by
    key; `state` and `stage` as in `stages`; `words`: why it is in that state; `before`:
    how badges without it were in the last stage that had some; `step`: goes up with each that is
    written down."""

    version: int = Field(ge=2, le=VERSION_MAX)  # it can be taken back by the next one
    was: dict[str, int]
    now: dict[str, int]
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


class Rollout:
    """`plan` is as it was when its last step was written down."""

    def __init__(self, plan: Plan, kinds: Mapping[bytes, Kind], now_s: float) -> None:
        self.plan = plan
        self.chosen: frozenset[bytes] = frozenset()
        self.begin_stage(kinds, now_s)

    def begin_stage(self, kinds: Mapping[bytes, Kind], now_s: float) -> None:
        """`kinds`: by device, of the badges that are here and that the change is about."""
        self._builds = {build for build, _ in kinds.values()}
        self.chosen |= stages.choose(self.plan.stage, self.plan.version, kinds)
        self._begun_s = now_s
        moves = self.plan.was.get(NETWORK) != self.plan.now.get(NETWORK)
        self._watch = Watch(self.plan.version, self.chosen, moves=moves)

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
        if not self._builds.issuperset(build for build, _ in kinds.values()):
            return JOINED, "badges of another build have joined"
        return LAST_GOOD, ""

    def fire(self, trigger: int, why: str) -> tuple[Plan, str]:
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

    def since_s(self, now_s: float) -> float:
        """How long the stage has run."""
        return now_s - self._begun_s
