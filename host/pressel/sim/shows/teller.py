"""Says in plain sentences what happens in a run, while it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pressel.sim.world import record
from pressel.sim.world.people import marker
from pressel.sim.world.world import World
from ptt.base import events

from .names import name_of

_FAULTS = {
    record.CRASHED: "loses its power",
    record.RESTARTED: "is switched on again",
    record.FLOODED: "gets {measure} datagrams of junk from a stranger",
}
_ALL_HEARD_US = 1_000_000  # after the last word: what has not come by then never does


class Teller:
    """`tell` gets (seconds, sentence). Make it before the run of `world`."""

    def __init__(self, world: World, tell: Callable[[float, str], None]) -> None:
        self._world = world
        self._tell = tell
        self._joined: set[int] = set()
        self._were_all_in = False
        self._pressed_us: dict[int, int] = {}  # by talker
        self._heard: dict[tuple[int, int], set[int]] = {}  # listeners, by talker and utterance
        self._told: set[tuple[int, int]] = set()  # that all have heard
        self._places: dict[int, int] = {}  # in the queue
        self._talking: set[int] = set()
        self._lost_us = -1  # when the host that led died in a burst
        self._waiting: set[int] = set()  # who has not heard its talker again
        self._said: set[int] = set()  # frames since then
        self._has_led: set[int] = set()
        for kind, watcher in (
            (record.EVENT, self._on_event),
            (record.PRESSED, self._on_pressed),
            (record.LET_GO, self._on_let_go),
            (record.TALKING, self._on_talking),
            (record.SPOKEN, self._on_spoken),
            (record.PLAYED, self._on_played),
            (record.FAULT, self._on_fault),
            (record.LEADS, self._on_leads),
            (record.HEARD_TWO, self._on_heard_two),
        ):
            world.record.watch(kind, watcher)
        self._two: set[int] = set()  # badges that hear two voices

    def say(self, words: str, node: int = -1) -> None:
        """A sentence about now; about `node`, or about nobody."""
        who = f"{name_of(self._world, node)} " if node >= 0 else ""
        self._tell(self._world.loop.now_us / 1_000_000, f"{who}{words}")

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.JOINED:
            self._joined.add(node)
            if self._were_all_in:
                self.say("is a member again", node)
            elif len(self._joined) == self._world.participants:
                self._were_all_in = True
                self.say(f"all {len(self._joined)} badges are members")
        elif kind == events.LOST:
            self._joined.discard(node)
            self.say("hears no leader any more, and looks for one", node)
        elif kind == events.QUEUED and self._places.get(node) != value:
            self._places[node] = value
            self.say(f"has to wait: place {value} of the queue", node)
        elif kind == events.DENIED:
            self.say("is refused the floor", node)
        elif kind == events.REVOKED:
            self.say("has to stop talking", node)
        elif kind == events.RELAY_LOST:
            self.say("gets no answer from a relay, and spreads its listeners over the others", node)

    def _on_pressed(self, now_us: int, node: int, number: int, b: int, detail: Any) -> None:
        self._pressed_us[node] = now_us
        self._places.pop(node, None)
        self.say("presses its button and talks", node)

    def _on_let_go(self, now_us: int, node: int, number: int, b: int, detail: Any) -> None:
        self.say("lets go", node)
        self._world.loop.at(now_us + _ALL_HEARD_US, self._count, (node, number))

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        if not is_talking:
            self._talking.discard(node)
            return
        self._talking.add(node)
        self._places.pop(node, None)
        waited_ms = (now_us - self._pressed_us.get(node, now_us)) / 1000
        self.say(f"has the floor, {waited_ms:.0f} ms after its press", node)

    def _on_spoken(self, now_us: int, node: int, number: int, frame: int, start_us: Any) -> None:
        if self._waiting and start_us > self._lost_us:
            self._said.add(marker.frame_id(node, number, frame))

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        talker, number = marker.talker_of(frame), marker.utterance_of(frame)
        if talker == marker.SILENCE:
            return
        heard = self._heard.setdefault((talker, number), set())
        if node not in heard:
            heard.add(node)
            if len(heard) == self._world.participants - 1:
                self._told.add((talker, number))
                self.say(f"all {len(heard)} others hear {name_of(self._world, talker)}")
        if node in self._waiting and frame in self._said:
            self._waiting.discard(node)
            if not self._waiting:
                after_ms = (now_us + delay_us - self._lost_us) / 1000
                self.say(f"everybody hears the talker again, {after_ms:.0f} ms after that")

    def _count(self, burst: tuple[int, int]) -> None:
        heard = len(self._heard.get(burst, ()))
        if burst not in self._told and heard:
            others = self._world.participants - 1
            self.say(f"{heard} of {others} have heard {name_of(self._world, burst[0])}")

    def _on_fault(self, now_us: int, node: int, kind: int, measure: int, detail: Any) -> None:
        words = _FAULTS.get(kind, record.FAULTS[kind]).format(measure=measure)
        self.say(words, node)
        if kind != record.CRASHED:
            return
        if 1 <= node <= self._world.participants:
            self._joined.discard(node)
        elif (node in self._has_led or not self._world.standbys) and len(self._talking) == 1:
            self._lost_us = now_us
            self._said.clear()
            self._waiting = self._joined - self._talking
        self._has_led.discard(node)

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, detail: Any) -> None:
        (self._has_led.add if leads else self._has_led.discard)(node)
        self.say("leads" if leads else "leads no longer", node)

    def _on_heard_two(self, now_us: int, node: int, lasted_us: int, b: int, detail: Any) -> None:
        self._two.add(node)
        if len(self._two) == 1:
            self.say("hears two voices at once", node)
