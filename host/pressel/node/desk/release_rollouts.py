"""A release that reaches a few badges first: begun by somebody, watched by the host that leads.

Each step is an entry of the venue's log. How far it is lies beside the campaign, which all hosts
have: who leads next goes on with its stage.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.registry.store import Registry
from pressel.rollout.stages import STAGES, STATES
from pressel.update.campaign import ReleasePlan
from pressel.update.library import Library
from pressel.update.staged import Staged

from ..report import Report
from ..updates import Updates
from .audits import WithRegistry
from .settings_past import WHY, checked_why
from .verb import LEADER, WHO, Fields, Verb

BEGIN = "update stages"
STEP = "release rollout"  # the verb of its entries


class ReleaseRollouts:
    """`state`: the host's folder; `updates` runs the campaign; the rest as for `Rollouts`."""

    def __init__(
        self,
        state: Path,
        updates: Updates,
        in_thread: Callable[..., Awaitable[Any]],
        with_registry: WithRegistry,
        report: Report,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._library = Library(state)
        self._updates = updates
        self._in_thread = in_thread
        self._with_registry = with_registry
        self._report = report
        self._now_s = now_s
        self.beside: Callable[[], Awaitable[str]] = _nothing  # why none can begin; "": it can

    def verbs(self) -> tuple[Verb, ...]:
        shown = ("release", "flags")
        return (Verb(BEGIN, self.begin, True, LEADER, shown=shown, copied=True, logs=True),)

    async def begin(self, fields: Fields) -> dict[str, Any]:
        """Release `release` (None: the newest) goes to a few badges first; `flags` as for `update
        start`, `why`: what for. Returns how it stands."""
        why, who = checked_why(fields.get(WHY)), str(fields.get(WHO, ""))
        found = await self._in_thread(self._library.get, fields["release"])
        if words := await self.beside():
            raise PresselError(words)
        flags = int(fields.get("flags", 0))
        await self._updates.stages(lambda each: each.begin(found, flags, why, who, self._now_s()))
        plan = await self._updates.stages(lambda each: each.plan)
        assert plan is not None, "it has just begun"
        await self._note(plan, who)
        standing = await self.standing()
        assert standing is not None, "it has just begun"
        return standing

    async def in_flight(self) -> bool:
        """Whether a release is being rolled out: not where what is on disk cannot be read."""
        with contextlib.suppress(PresselError):
            plan = await self._updates.stages(lambda each: each.plan)
            return plan is not None and not plan.is_over()
        return False

    async def standing(self) -> dict[str, Any] | None:
        """How the last one stands, as `Standing`; None when none can be read."""
        with contextlib.suppress(PresselError):
            return await self._updates.stages(self._standing)
        return None

    async def ask(self, trigger: int, who: str) -> None:
        """The operator's word. UsageError when it means nothing now."""
        await self._fire(trigger, f"by {who}" if who else "", who)

    async def tick(self) -> None:
        """To be called again and again: go on where the stage's gate allows it."""
        if not await self.in_flight():
            return
        found = await self._updates.stages(lambda each: each.look(self._now_s()))
        if found is not None:
            await self._fire(*found, who="")

    # --- inside ---

    async def _fire(self, trigger: int, why: str, who: str) -> None:
        plan = await self._updates.stages(lambda each: each.fire(trigger, why, self._now_s()))
        await self._note(plan, who)
        self._report("rollout", {"state": STATES[plan.state], "stage": STAGES[plan.stage]})

    async def _note(self, plan: ReleasePlan, who: str) -> None:
        words = f"release {plan.version}: {STATES[plan.state]}, {STAGES[plan.stage]}"
        texts = {WHY: plan.words or plan.why} if plan.words or plan.why else {}

        def act(registry: Registry) -> None:
            with registry.log.asked_by(who):
                registry.record(STEP, words, {"release": plan.version}, texts)

        try:
            await self._in_thread(self._with_registry, act)
        except PresselError as error:
            raise PresselError(f"it was done, but the log does not tell it: {error}") from error

    def _standing(self, staged: Staged) -> dict[str, Any] | None:
        runs = staged.rollout(self._now_s())
        if runs is None:
            return None
        changed = f"release {runs.plan.version} of the badges' firmware"
        return runs.standing(changed, self._now_s())


async def _nothing() -> str:
    return ""
