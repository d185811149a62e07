"""A change of the settings that reaches a few badges first: started, watched, stopped.

Each step is an entry of the venue's log, which all hosts have: who leads next finds the last one
there and goes on with its stage.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import ValidationError

from pressel.errors import PresselError, UsageError
from pressel.ledger.entry import Entry
from pressel.registry.log import Told
from pressel.registry.store import Registry
from pressel.rollout.rollout import Plan, Rollout
from pressel.rollout.stages import ABORT, BACK, DONE, GO, PAUSE, PAUSED, STAGES, STATES, Kind
from pressel.schema.setting_values import (
    Change,
    check_values,
    differences,
    in_words,
    laid_over,
    replaced,
    row_of,
)
from pressel.schema.settings import OBEYED
from pressel.transport.udp import engine_now_ms
from ptt.cluster.versions import VERSION_MAX, is_within_reach
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings

from ..kept_settings import NONE_LEFT, settings_with, values_of
from ..report import Report
from . import settings_past
from .audits import WithRegistry
from .release_rollouts import ReleaseRollouts
from .settings_past import WHY, checked_why, counts, removed
from .touched import is_told
from .venue import leading
from .venue_settings import VenueSettings, checked, why_not
from .verb import LEADER, WHO, Fields, Verb

STEP = "rollout"  # the verb of its entries
PLAN = "plan"  # the text beside them
_ASKED = {"rollout pause": PAUSE, "rollout go": GO, "rollout abort": ABORT}  # trigger by verb


class Rollouts:
    """`venue` holds the settings; the rest is as there. `now_s`: seconds of a clock that does not
    jump. `releases`: those that are rolled out in the same way, one change at a time."""

    def __init__(
        self,
        venue: VenueSettings,
        leader: Callable[[], Leader | None],
        settle: Callable[[], None],
        in_thread: Callable[..., Any],
        with_registry: WithRegistry,
        report: Report,
        now_s: Callable[[], float] = time.monotonic,
        releases: ReleaseRollouts | None = None,
    ) -> None:
        self._releases = releases
        self._is_release_last = False  # it was begun later than what `_runs` is about
        self._venue = venue
        self._leader = leader
        self._settle = settle
        self._in_thread = in_thread
        self._with_registry = with_registry
        self._report = report
        self._now_s = now_s
        self._served: Leader | None = None  # for which `_runs` was looked up
        self._runs: Rollout | None = None  # the last one; it may be over
        self._told = ""  # why it waits
        venue.is_closed = self._in_flight
        if releases is not None:
            releases.beside = self._in_flight

    def verbs(self) -> tuple[Verb, ...]:
        return (
            Verb("rollout start", self.start, True, LEADER, shown=("values",), logs=True),
            Verb("rollout status", self.status, place=LEADER),
            *(
                Verb(name, partial(self._ask, trigger), True, LEADER, logs=True, copied=True)
                for name, trigger in _ASKED.items()
            ),
        )

    async def start(self, fields: Fields) -> dict[str, Any]:
        """Give all settings in `values` their value, on a few badges first; `base`, `why` and
        `network` as for `settings set`. Returns the status."""
        why, networks = checked_why(fields.get(WHY)), self._venue.networks
        async with self._venue.turn:
            values = checked(networks.named(fields))
            if words := await self._in_flight() or await self._release_in_flight():
                raise PresselError(words)
            leader = leading(self._leader)
            now = leader.settings.settings
            if fields["base"] != now.version:
                raise PresselError(why_not(fields["base"], now.version))
            was = values_of(now)
            networks.check(was, laid_over(was, values))
            await self._venue.check_whose(was, laid_over(was, values))
            networks.tell(leader)
            _check_can_be_tried(was, values, leader, now)
            plan = Plan(
                version=now.version + 1, was=was, now=laid_over(was, values), why=why,
                who=str(fields.get(WHO, "")), step=self._runs.plan.next_step if self._runs else 0,
            )  # fmt: skip
            await self._write_down(plan, plan.who)
            self._runs = Rollout(plan, _kinds(leader, plan), self._now_s())
            self._is_release_last = False
            self._try_out(leader)
        return self._standing()

    async def status(self, fields: Fields) -> dict[str, Any]:
        """The last change that was rolled out, and what its gate measures; `state` is "" when there
        was none. `touched` and `others` are `gate.Health`."""
        async with self._venue.turn:
            await self._look_up()
            is_release = await self._release_in_flight() or self._is_release_last
            if is_release or self._runs is None:
                told = None if self._releases is None else await self._releases.standing()
                return told or self._standing()
            return self._standing()

    async def tick(self, number: int) -> None:
        """To be called again and again: go on where the stage's gate allows it."""
        async with self._venue.turn:
            try:
                if self._releases is not None and self._leader() is not None:
                    await self._releases.tick()
                leader = await self._look_up()
                runs = self._runs
                if runs is not None and not runs.plan.is_over():
                    kinds = _kinds(leader, runs.plan)
                    found = runs.look(leader.members.all(), kinds, self._now_s())
                    if found is not None:
                        await self._fire(leader, runs, *found, who="")
                self._told = ""
            except PresselError as error:  # no leader, or a full disk: the next time
                if self._leader() is not None and str(error) != self._told:
                    self._told = str(error)
                    self._report("rollout_waits", {"advice": self._told})

    # --- inside ---

    def _standing(self) -> dict[str, Any]:
        if self._runs is None:
            return {"state": ""}
        plan = self._runs.plan
        return self._runs.standing(settings_past.words(plan.was, plan.now), self._now_s())

    async def _ask(self, trigger: int, fields: Fields) -> dict[str, Any]:
        async with self._venue.turn:
            leader = await self._look_up()
            if self._releases is not None and await self._releases.in_flight():
                await self._releases.ask(trigger, str(fields.get(WHO, "")))
                return await self._releases.standing() or {"state": ""}
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
        if action in ("widen", "go_on") and (words := _why_not_here(plan)):
            raise UsageError(words)
        if action == "finish":
            await self._venue.put(plan.was, plan.now, plan.version, plan.why, plan.who)
        elif action == "take_back":
            await self._take_back(plan, f": {why}" if why else "", who)
        await self._write_down(plan, who)
        runs.plan = plan
        if action in ("widen", "go_on"):
            runs.begin_stage(_kinds(leader, plan), self._now_s())
            self._try_out(leader)
        self._report("rollout", {"state": STATES[plan.state], "stage": STAGES[plan.stage]})

    async def _take_back(self, plan: Plan, why: str, who: str) -> None:
        """What is in force, once more: as a version above that which badges tried out."""
        words = f"version {plan.version} taken back{why}"[: settings_past.WHY_CHARACTERS_MAX]
        await self._venue.put(None, None, plan.version + 1, words, who)

    def _try_out(self, leader: Leader) -> None:
        assert self._runs is not None, "nothing is tried out"
        plan, now = self._runs.plan, leader.settings.settings
        if leading(self._leader) is not leader or now.version != plan.version - 1:
            raise UsageError("another term has just begun; see `pressel rollout status`")
        leader.try_out(_candidate(now, plan), self._runs.chosen, engine_now_ms())
        self._settle()

    async def _in_flight(self) -> str:
        """Why the settings cannot be changed now; "" when they can."""
        await self._look_up()
        if self._runs is None or self._runs.plan.is_over():
            return ""
        return (
            "another change is being rolled out; wait for its end, or take it back with `pressel "
            "rollout abort`"
        )

    async def _release_in_flight(self) -> str:
        """Why no change can begin beside it; "" when none is."""
        if self._releases is None or not await self._releases.in_flight():
            return ""
        self._is_release_last = True
        return (
            "a release is being rolled out; wait for its end, or take it back with `pressel "
            "rollout abort`"
        )

    async def _look_up(self) -> Leader:
        """The engine that leads here; where it has just begun to, with what another host left."""
        leader = leading(self._leader)
        await self._venue.catch_up(leader)
        if leader is not self._served:
            plan = await self._in_thread(self._with_registry, self._last)
            self._served, self._runs = leader, None
            if plan is not None:
                self._runs = Rollout(plan, _kinds(leader, plan), self._now_s())
                self._go_on(leader, self._runs)
        await self._notice_end(leader)
        return leader

    def _last(self, registry: Registry) -> Plan | None:
        """As the venue's log tells it; None when it tells of no rollout. Who led later has the last
        word, whatever the clocks say; of hosts that were removed, as in `settings_past`."""
        steps = [each for each in registry.about_venue() if each.entry.verb == STEP]
        told = [(each.entry, plan) for each in steps if (plan := _read(each, self._venue.known))]
        outspoken = removed(registry, [entry for entry, _ in told])
        left = [each for each in told if counts(each[0], outspoken)]
        return max(left, key=lambda each: _place(*each), default=(None, None))[1]

    def _go_on(self, leader: Leader, runs: Rollout) -> None:
        """With the stage that another host began."""
        plan = runs.plan
        if plan.is_over() or leader.settings.settings.version != plan.version - 1:
            return
        if words := _why_not_here(plan):  # not written down: the host that began it can go on
            runs.plan = plan.model_copy(update={"state": PAUSED, "words": words})
            return
        self._try_out(leader)

    async def _notice_end(self, leader: Leader) -> None:
        """Write down an end that is not: who brought it about was interrupted."""
        runs, now = self._runs, leader.settings.settings
        if runs is None or runs.plan.is_over() or now.version == runs.plan.version - 1:
            return
        plan, values = runs.plan, values_of(now)
        state, words = BACK, f"the settings are of version {now.version} meanwhile"
        if now.version == plan.version and values == replaced(values, plan.now):
            state, words = DONE, ""
            await self._venue.put(plan.was, plan.now, plan.version, plan.why, plan.who)
        elif now.version == plan.version + 1 and values == replaced(values, plan.was):
            words = "see `pressel settings history`"
            await self._take_back(plan, "", "")
        over = plan.model_copy(update={"state": state, "words": words, "step": plan.next_step})
        await self._write_down(over, "")
        runs.plan = over

    async def _write_down(self, plan: Plan, who: str) -> None:
        words = f"{STATES[plan.state]}, {STAGES[plan.stage]}"
        facts = settings_past.facts(plan.version)
        secret = self._venue.networks.secret(plan.was, plan.now)

        def act(registry: Registry) -> None:
            with registry.log.asked_by(who):
                registry.record(STEP, words, facts, {PLAN: plan.model_dump_json()}, secret)

        await self._in_thread(self._with_registry, act)


def _read(told: Told, known: int) -> Plan | None:
    """None of an entry that a newer host wrote and that means nothing here, and of one with a
    version that cannot be."""
    try:
        plan = Plan.model_validate_json(told.texts.get(PLAN) or "")
    except ValidationError:
        return None
    return plan if is_within_reach(plan.version, known) else None


def _place(entry: Entry, plan: Plan) -> tuple[int, int, int, str]:
    index, term = entry.origin
    return term, plan.step, index, entry.host


def _why_not_here(plan: Plan) -> str:
    """Why this host cannot try out what another one began; "" when it can."""
    try:
        checked(plan.was)
        checked(plan.now)
    except UsageError as error:
        return (
            f"this host cannot go on with it ({error}); let the host that began it lead, or take "
            "it back with `pressel rollout abort`"
        )
    return ""


def _candidate(now: Settings, plan: Plan) -> Settings:
    return settings_with(plan.version, replaced(values_of(now), plan.now))


def _kinds(leader: Leader, plan: Plan) -> dict[bytes, Kind]:
    """By device, of the badges that are here and that it is about."""
    if plan.is_over() or _why_not_here(plan):
        return {}
    now = leader.settings.settings
    new = _candidate(now, plan)
    here = leader.members.all()
    boards = leader.settings.boards
    told = [member for member in here if is_told(member, now, new, boards)]
    return {
        each.device: Kind(each.build, each.access_point, boards.get(each.device, ""))
        for each in told
    }


def _check_can_be_tried(was: dict[str, int], values: Change, leader: Leader, now: Settings) -> None:
    new = laid_over(was, values)
    check_values(new)
    changed = differences(was, new)
    if not changed:
        raise UsageError("all of it is so already")
    if others := [in_words(key) for key in changed if row_of(key).badge not in OBEYED]:
        raise UsageError(
            f"{', '.join(others)}: hosts see to that, for all badges alike; change it without "
            "--staged"
        )
    wanted = settings_with(now.version, new)
    if not (now.tell_settings and wanted.tell_settings):
        raise UsageError("badges are told no settings; first switch features.tell_settings on")
    boards = leader.settings.boards
    if not any(is_told(member, now, wanted, boards) for member in leader.members.all()):
        raise UsageError(
            "no badge is here to try it out; tell all badges at once: without --staged, or with "
            "--at-once"
        )
    if now.version >= VERSION_MAX:
        raise UsageError(NONE_LEFT)
