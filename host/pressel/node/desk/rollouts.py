"""A change of the settings that reaches a few badges first: started, watched, stopped.

Each step is an entry of the venue's log, which all hosts have: who leads next finds the last one
there and goes on with its stage.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from pressel.errors import PresselError, UsageError
from pressel.registry.log import Told
from pressel.registry.store import Registry
from pressel.rollout.rollout import Plan, Rollout
from pressel.rollout.stages import ABORT, BACK, GO, PAUSE, STAGES, STATES
from pressel.schema.settings import settings, short
from pressel.transport.udp import engine_now_ms
from ptt.base.numbers import INT_MAX
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

from ..kept_settings import values_of
from ..report import Report
from . import settings_past
from .audits import WithRegistry
from .settings_past import WHY, checked_why
from .venue import leading
from .venue_settings import VenueSettings, checked, why_not
from .verb import LEADER, WHO, Fields, Verb

STEP = "rollout"  # the verb of its entries
PLAN = "plan"  # the text beside them


class Rollouts:
    """`venue` holds the settings; the rest is as there. `now_s`: seconds of a clock that does not
    jump."""

    def __init__(
        self,
        venue: VenueSettings,
        leader: Callable[[], Leader | None],
        settle: Callable[[], None],
        in_thread: Callable[..., Any],
        with_registry: WithRegistry,
        report: Report,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._venue = venue
        self._leader = leader
        self._settle = settle
        self._in_thread = in_thread
        self._with_registry = with_registry
        self._report = report
        self._now_s = now_s
        self._turn = asyncio.Lock()
        self._served: Leader | None = None  # for which `_runs` was looked up
        self._runs: Rollout | None = None  # the last one; it may be over
        venue.is_closed = self._in_flight

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("rollout start", self.start, True, LEADER, shown=("values",), logs=True),
            Verb("rollout status", self.status, place=LEADER),
            Verb("rollout pause", lambda f: self._ask(PAUSE, f), True, LEADER, logs=True),
            Verb("rollout go", lambda f: self._ask(GO, f), True, LEADER, logs=True),
            Verb("rollout abort", lambda f: self._ask(ABORT, f), True, LEADER, logs=True),
        )

    async def start(self, fields: Fields) -> dict[str, Any]:
        """Give all settings in `values` their value, on a few badges first; `base` and `why` as for
        `settings set`. Returns the status."""
        values, why = checked(fields["values"]), checked_why(fields.get(WHY))
        async with self._turn:
            leader = await self._look_up()
            if words := self._in_flight():
                raise PresselError(words)
            now = leader.settings.settings
            if fields["base"] != now.version:
                raise PresselError(why_not(fields["base"], now.version))
            was = values_of(now)
            _check_can_be_tried(was, values, leader, now.version)
            plan = Plan(
                version=now.version + 1, was=was, now=was | values, why=why,
                who=str(fields.get(WHO, "")),
            )  # fmt: skip
            await self._write_down(plan, plan.who)
            self._runs = Rollout(plan, _builds(leader), self._now_s())
            self._try_out(leader)
        return self._standing()

    async def status(self, fields: Fields) -> dict[str, Any]:
        """The last change that was rolled out, and what its gate measures; `state` is "" when there
        was none. `touched` and `others` are `gate.Health`."""
        async with self._turn:
            await self._look_up()
            return self._standing()

    async def tick(self, number: int) -> None:
        """To be called again and again: go on where the stage's gate allows it."""
        async with self._turn:
            try:
                leader = await self._look_up()
                runs = self._runs
                if runs is None or runs.plan.is_over():
                    return
                found = runs.look(leader.members.all(), self._now_s())
                if found is not None:
                    await self._fire(leader, runs, *found, who="")
            except PresselError as error:  # no leader, or a full disk: the next time
                if self._leader() is not None:
                    self._report("rollout_waits", {"advice": str(error)})

    # --- inside ---

    def _standing(self) -> dict[str, Any]:
        if self._runs is None:
            return {"state": ""}
        plan = self._runs.plan
        touched, others = self._runs.measured()
        return {
            "state": STATES[plan.state],
            "stage": STAGES[plan.stage],
            "words": plan.words,
            "version": plan.version,
            "why": plan.why,
            "who": plan.who,
            "changed": settings_past.words(plan.was, plan.now),
            "since_s": round(self._runs.since_s(self._now_s())),
            "touched": touched.as_json(),
            "others": others.as_json(),
        }

    async def _ask(self, trigger: int, fields: Fields) -> dict[str, Any]:
        async with self._turn:
            leader = await self._look_up()
            runs = self._runs
            if runs is None or runs.plan.is_over():
                raise UsageError("no change is being rolled out; see `pressel rollout status`")
            who = str(fields.get(WHO, ""))
            await self._fire(leader, runs, trigger, f"by {who}" if who else "", who=who)
        return self._standing()

    async def _fire(self, leader: Leader, runs: Rollout, trigger: int, why: str, who: str) -> None:
        plan, action = runs.fire(trigger, why)
        if not action:
            state = STATES[runs.plan.state]
            raise UsageError(f"the change is {state} already; see `pressel rollout status`")
        if action == "finish":
            await self._venue.put(plan.now, plan.version, plan.why, plan.who)
        elif action == "take_back":
            back = f"version {plan.version} taken back: {why}"[: settings_past.WHY_CHARACTERS_MAX]
            await self._venue.put(plan.was, plan.version + 1, back, who)
        await self._write_down(plan, who)
        runs.plan = plan
        if action in ("widen", "go_on"):
            runs.begin_stage(_builds(leader), self._now_s())
            self._try_out(leader)
        self._report("rollout", {"state": STATES[plan.state], "stage": STAGES[plan.stage]})

    def _try_out(self, leader: Leader) -> None:
        assert self._runs is not None, "nothing is tried out"
        plan = self._runs.plan
        values = {short(name): value for name, value in plan.now.items()}
        leader.try_out(Settings(plan.version, **values), self._runs.chosen, engine_now_ms())
        self._settle()

    def _in_flight(self) -> str:
        """Why the settings cannot be changed now; "" when they can."""
        if self._runs is None or self._runs.plan.is_over() or self._leader() is not self._served:
            return ""
        return (
            "another change is being rolled out; end it first, with `pressel rollout go` or "
            "`pressel rollout abort`"
        )

    async def _look_up(self) -> Leader:
        """The engine that leads here; where it has just begun to, with what another host left."""
        leader = leading(self._leader)
        if leader is self._served:
            return leader
        plan = await self._in_thread(self._with_registry, _last)
        self._served, self._runs = leader, None
        if plan is not None:
            self._runs = Rollout(plan, _builds(leader), self._now_s())
            if plan.is_over():
                return leader
            version = leader.settings.settings.version
            if version != plan.version - 1:  # its last step was done and not written down
                words = f"the settings are of version {version} meanwhile"
                self._runs.plan = plan.model_copy(update={"state": BACK, "words": words})
                return leader
            self._try_out(leader)
        return leader

    async def _write_down(self, plan: Plan, who: str) -> None:
        words = f"{STATES[plan.state]}, {STAGES[plan.stage]}"
        facts = settings_past.facts(plan.version)

        def act(registry: Registry) -> None:
            with registry.log.asked_by(who):
                registry.record(STEP, words, facts, {PLAN: plan.model_dump_json()})

        await self._in_thread(self._with_registry, act)


def _last(registry: Registry) -> Plan | None:
    """As the venue's log tells it; None when it tells of no rollout."""
    found = [told for told in registry.about_venue() if told.entry.verb == STEP]
    plans = [(plan.version, told.entry.time_s, index, plan)
             for index, told in enumerate(found) if (plan := _read(told)) is not None]  # fmt: skip
    return max(plans)[-1] if plans else None


def _read(told: Told) -> Plan | None:
    """None of an entry that a newer host wrote and that means nothing here."""
    try:
        return Plan.model_validate_json(told.texts.get(PLAN) or "")
    except ValidationError:
        return None


def _builds(leader: Leader) -> dict[bytes, bytes]:
    return {member.device: member.build for member in leader.members.all()}


def _check_can_be_tried(
    was: dict[str, int], values: dict[str, int], leader: Leader, version: int
) -> None:
    rows = settings()
    changed = [name for name, value in values.items() if was[name] != value]
    if not changed:
        raise UsageError("all of it is so already")
    if others := [name for name in changed if rows[name].badge != "obeys"]:
        raise UsageError(
            f"{', '.join(others)}: hosts see to that, for all badges alike; change it without "
            "--staged"
        )
    if not leader.members.all():
        raise UsageError("no badge is here to try it out; change it without --staged")
    if version >= INT_MAX - 1:
        raise UsageError("the settings can no longer be changed: no version number is left")
