"""One run: nodes, people and network under one clock and one generator, and the script they follow.

The world knows no protocol: `Venue` says what kind of node a participant is, and watchers come
through `record`. Two worlds of the same facts and seed do the same, record by record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from . import record
from .loop import EventLoop
from .nodes.node import Node, leading
from .people import marker
from .plan import Plan
from .stage import Stage
from .venue import LEADER, make_nodes

TAIL_US = 3_000_000  # after the last step: what is on its way arrives, bursts are reported


class World:
    """`spec`: "scenario" and "profile" (resolved), "participants", "protocol", "seed".

    `loop` and `make_nodes` differ where the same script runs in real time."""

    def __init__(
        self,
        spec: Mapping[str, Any],
        loop: EventLoop | None = None,
        make_nodes: Callable[[Stage], list[Node]] = make_nodes,
    ) -> None:
        self.spec = spec
        stage = self.stage = Stage(spec, loop or EventLoop())
        marker.install()
        self.participants, self.standbys = stage.participants, stage.standbys
        self.loop, self.prng = stage.loop, stage.prng
        self.record, self.note, self.network = stage.record, stage.note, stage.network
        self.nodes: dict[int, Node] = {}
        self.violations: list[dict[str, Any]] = []
        self._struck: dict[str, list[int]] = {}  # hosts that a fault of "node 0" has met
        for node in make_nodes(stage):
            self.nodes[node.number] = node
            self.network.join(node)
        roam = spec["profile"].get("roam")
        self.plan = Plan(spec["scenario"], self.participants, self.prng, roam, self.standbys)
        self.duration_us: int = spec["scenario"]["duration_s"] * 1_000_000 + TAIL_US

    def run(self) -> None:
        """From power-up to the end of the script."""
        for number in sorted(self.nodes):
            if self.nodes[number].is_twin:
                continue
            # People do not switch on in the same instant; the leader box was there before.
            at_us = 0 if self.nodes[number].is_wired else 1 + self.prng.below(1_000_000)
            self.loop.at(at_us, self._start_first, number)
        for at_us, action, number, measure in self.plan.steps:
            if number in self.nodes or action in _OF_ALL:
                self.loop.at(at_us, getattr(self, "_do_" + action), (number, measure))
        self.loop.run(self.duration_us)

    def close(self) -> None:
        """End what nodes have started outside of this process."""
        for node in self.nodes.values():
            node.close()

    def violate(self, checker: str, words: str) -> None:
        """For checkers: something happened that must never happen."""
        violation = {"checker": checker, "at_ms": self.loop.now_us // 1000, "what": words}
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(violation)

    # --- the script's actions ---

    def _start_first(self, number: int) -> None:
        self.nodes[number].start()

    def _do_talk(self, step: tuple[int, Any]) -> None:
        node: Any = self.nodes[step[0]]
        if node.is_up and not node.is_paused:
            hold_us, lane = step[1] if isinstance(step[1], tuple) else (step[1], 0)
            node.person.talk(hold_us, lane)

    def _strike(self, number: int, fault: str) -> Node:
        """The node that `fault` of `number` meets; `_relieve` gives the same one."""
        if number != LEADER:
            return self.nodes[number]
        node = leading([each for each in self.nodes.values() if each.is_wired])
        self._struck.setdefault(fault, []).append(node.number)
        return node

    def _relieve(self, number: int, fault: str) -> Node:
        struck = self._struck.get(fault)
        return self.nodes[struck.pop(0) if number == 0 and struck else number]

    def _do_crash(self, step: tuple[int, int]) -> None:
        self._strike(step[0], "crash").crash(step[1] == 1)

    def _do_resign(self, step: tuple[int, int]) -> None:
        leader: Any = self._strike(step[0], "crash")
        leader.resign()

    def _do_start(self, step: tuple[int, int]) -> None:
        node = self._relieve(step[0], "crash")
        if not node.is_up:
            self.note(record.FAULT, node.number, record.RESTARTED, 0)
            node.start()

    def _do_roam(self, step: tuple[int, int]) -> None:
        self.note(record.FAULT, step[0], record.ROAMING, step[1])
        self.network.roam(step[0], step[1])
        self.loop.at(self.loop.now_us + step[1], self._roamed, step[0])

    def _roamed(self, number: int) -> None:
        self.note(record.FAULT, number, record.ROAMED, 0)

    def _do_cut(self, step: tuple[int, frozenset[int]]) -> None:
        """Kind 0: both ways; 1: those cut off are not heard; 2: those cut off do not hear."""
        kind, away = step
        others = frozenset(self.nodes) - away
        self.note(record.FAULT, 0, record.CUT, kind)
        if kind != 2:
            self.network.cut(away, others)
        if kind != 1:
            self.network.cut(others, away)

    def _do_heal(self, _: Any) -> None:
        self.note(record.FAULT, 0, record.HEALED, 0)
        self.network.heal()

    def _do_pause(self, step: tuple[int, int]) -> None:
        self._strike(step[0], "pause").pause()

    def _do_resume(self, step: tuple[int, int]) -> None:
        self._relieve(step[0], "pause").resume()

    def _do_step_clock(self, step: tuple[int, int]) -> None:
        self.nodes[step[0]].step_clock(step[1])

    def _do_slew_clock(self, step: tuple[int, int]) -> None:
        self.nodes[step[0]].slew_clock(step[1])

    def _do_flood(self, step: tuple[int, int]) -> None:
        """A stranger's datagrams, all at once."""
        self.note(record.FAULT, step[0], record.FLOODED, step[1])
        for number in range(step[1]):
            self.nodes[step[0]].arrive(_JUNK[number % len(_JUNK)], _STRANGER)

    def _do_readdress(self, step: tuple[int, int]) -> None:
        self.note(record.FAULT, step[0], record.READDRESSED, 0)
        self.network.readdress(step[0])

    def _do_swap_address(self, step: tuple[int, int]) -> None:
        self.note(record.FAULT, step[0], record.SWAPPED, step[1])
        self.network.swap_addresses(step[0], step[1])

    def _do_restart_point(self, step: tuple[int, tuple[int, ...]]) -> None:
        """For `step[0]` microseconds those stations have none."""
        silent_us, stations = step
        self.note(record.FAULT, 0, record.POINT_RESTARTED, silent_us)
        for station in stations:
            self._do_roam((station, silent_us))

    def _do_twin_comes(self, step: tuple[int, int]) -> None:
        twin = self.nodes.get(self.stage.twin)
        if twin is not None and not twin.is_up:
            self.note(record.FAULT, twin.number, record.TWIN_CAME, 0)
            twin.start()

    def _do_twin_goes(self, step: tuple[int, int]) -> None:
        twin = self.nodes.get(self.stage.twin)
        if twin is not None and twin.is_up:
            twin.crash()
            self.note(record.FAULT, twin.number, record.TWIN_LEFT, 0)

    def _do_exhaust_heap(self, step: tuple[int, int]) -> None:
        self.nodes[step[0]].exhaust_heap()

    def _do_kill_writing(self, step: tuple[int, int]) -> None:
        self.nodes[step[0]].kill_writing(step[1])

    def _do_stall_wire(self, step: tuple[int, int]) -> None:
        self.note(record.FAULT, step[0], record.WIRE_STALLED, 0)
        self.network.stall_wire(step[0], step[1])

    def _do_slow_relay(self, step: tuple[int, int]) -> None:
        self.note(record.FAULT, step[0], record.RELAY_SLOW, 0)
        self.nodes[step[0]].hinder_relay(step[1], is_lying=False)

    def _do_let_relay_lie(self, step: tuple[int, int]) -> None:
        self.note(record.FAULT, step[0], record.RELAY_LIES, 0)
        self.nodes[step[0]].hinder_relay(step[1], is_lying=True)

    def _do_half_open(self, step: tuple[int, tuple[int, int]]) -> None:
        number, (is_down, lasts_us) = step
        self.note(record.FAULT, number, record.HALF_OPEN, is_down)
        self.network.half_open(number, bool(is_down), lasts_us)

    def _do_fill_disk(self, step: tuple[int, int]) -> None:
        self.nodes[step[0]].hinder_disk(step[1], is_full=True)

    def _do_slow_disk(self, step: tuple[int, int]) -> None:
        self.nodes[step[0]].hinder_disk(step[1], is_full=False)

    def _do_calm(self, _: Any) -> None:
        """All that goes wrong is over, and nobody waits for the floor."""
        self.network.calm()
        for node in self.nodes.values():
            if node.is_twin:
                self._do_twin_goes((node.number, 0))
                continue
            node.resume()
            node.lose_no_more()
            if not node.is_wired:
                node.person.give_up()  # type: ignore[attr-defined]
            if not node.is_up:
                self.note(record.FAULT, node.number, record.RESTARTED, 0)
                node.start()
        self.note(record.FAULT, 0, record.CALMED, 0)

    def _do_lose_memory(self, step: tuple[int, int]) -> None:
        self.nodes[step[0]].lose_memory(step[1])


_JUNK = (bytes(24), bytes(range(100)), b"\xff" * 240)  # of a stranger
_STRANGER = 0x7FFF  # its address, which no node has
_OF_ALL = (
    "cut",
    "heal",
    "calm",
    "restart_point",
    "twin_comes",
    "twin_goes",
)  # actions of the whole venue; the others need the node that they name
VIOLATIONS_MAX = 100  # a run that broke needs no more to be understood
