"""Phase 6: a bad setting reaches two badges first, and is taken back by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pressel.node.kept_settings import settings_with, values_of
from pressel.rollout.rollout import Plan, Rollout
from pressel.rollout.stages import BACK, STATES, Kind
from pressel.sim.world import record
from pressel.sim.world.world import World
from ptt.base import events

from .show import Act, Played, Promise, Show, Tell, talk, unbroken

_BADGES = 12
_BEGINS_US = 6_000_000
_LOOKS_EVERY_US = 1_000_000  # as often as a host does
_KEY, _BAD = "audio.playout_delay_ms", 400
_FAILS_US = 500_000  # after it has put that in force
_STARTS_US = 1_000_000  # and it is back so much later


class Operator:
    """Changes one setting in stages, and does nothing more: the host's own gate watches it. The
    badges have a planted fault: whoever puts the new value in force starts anew soon after."""

    def __init__(self, world: World, tell: Tell) -> None:
        self.rollout: Rollout[Plan] | None = None
        self.had: dict[int, set[int]] = {}  # by version the badges that put it in force
        self._are_all_back = False  # at what held before
        self._world = world
        self._tell = tell
        world.record.watch(record.EVENT, self._on_event)
        world.loop.at(_BEGINS_US, self._begin)

    @property
    def state(self) -> str:
        return "never begun" if self.rollout is None else STATES[self.rollout.plan.state]

    @property
    def leader(self) -> Any:
        node: Any = self._world.nodes[0]
        return node.leader()

    def _begin(self, _: object) -> None:
        now = self.leader.settings.settings
        was = values_of(now)
        plan = Plan(version=now.version + 1, was=was, now={**was, _KEY: _BAD})
        self._tell(f"the operator sets {_KEY} to {_BAD} ms, in stages")
        self.rollout = Rollout(plan, self._kinds(), self._now_s())
        candidate = settings_with(plan.version, plan.now)
        self.leader.try_out(candidate, self.rollout.chosen, self._now_ms())
        self._world.nodes[0].refresh()
        self._world.loop.at(self._world.loop.now_us + _LOOKS_EVERY_US, self._look)

    def _look(self, _: object) -> None:
        rollout = self.rollout
        assert rollout is not None, "there is nothing to look at"
        found = rollout.look(self.leader.members.all(), self._kinds(), self._now_s())
        if found is not None:
            rollout.plan, action = rollout.fire(*found)
            if action == "take_back":
                self._tell(f"taken back: {found[1]}")
                version = rollout.plan.version + 1
                settings = settings_with(version, rollout.plan.was)
                self.leader.publish(settings, self._now_ms())
                self._world.nodes[0].refresh()
                return
        self._world.loop.at(self._world.loop.now_us + _LOOKS_EVERY_US, self._look)

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind != events.SETTINGS:
            return
        self.had.setdefault(value, set()).add(node)
        if self.rollout is not None and value == self.rollout.plan.version:
            self._tell("has the new settings", node)
            self._world.loop.at(now_us + _FAILS_US, self._fail, node)
        elif (
            self.rollout is not None and len(self.had[value]) == _BADGES and not self._are_all_back
        ):
            self._are_all_back = True
            self._tell("all badges have what held before")

    def _fail(self, number: int) -> None:
        node = self._world.nodes[number]
        if node.is_up:
            node.crash(True)
            self._world.loop.at(self._world.loop.now_us + _STARTS_US, self._start, number)

    def _start(self, number: int) -> None:
        self._world.nodes[number].start()

    def _kinds(self) -> dict[bytes, Kind]:
        return {
            each.device: Kind(each.build, each.access_point) for each in self.leader.members.all()
        }

    def _now_s(self) -> float:
        return self._world.loop.now_us / 1_000_000

    def _now_ms(self) -> int:
        return self._world.nodes[0].now_ms()


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    operator: Operator = act.guest
    version = operator.rollout.plan.version if operator.rollout else 0
    tried = operator.had.get(version, set())
    back = operator.had.get(version + 1, set())
    words = operator.rollout.plan.words if operator.rollout else ""
    return [
        Promise(operator.state == STATES[BACK], f"what became of it: {operator.state} ({words})"),
        Promise(len(tried) == 2, f"badges that ever had it: {len(tried)}, of {_BADGES}"),
        Promise(len(back) == _BADGES, f"badges that have what held before: {len(back)}"),
        unbroken(played),
    ]


SHOW = Show(
    "bad-setting",
    "6",
    "A bad setting takes itself back",
    f"The new value of {_KEY} makes these badges start anew. Two get it first; the host sees what "
    "becomes of them, and takes it back before anybody else has it.",
    (
        Act(
            "A leader and twelve badges; people talk in turn.",
            participants=_BADGES,
            seconds=24,
            steps=tuple(talk(5 + 4 * n, 1 + n, 3) for n in range(4)),
            guest=Operator,
        ),
    ),
    judge,
)
