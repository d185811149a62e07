"""Watches a world's records and puts on a tape what concerns the nodes to be shown."""

from __future__ import annotations

from typing import Any

from ptt.base import events
from ptt.wire import refusal

from ..choice import Choice
from ..world import record
from ..world.people import marker
from ..world.people.person import FRAME_US
from ..world.world import World
from . import words
from .tape import (
    BUTTON,
    EVENT,
    FAULT,
    FLOOR,
    HEARS,
    HOLDS,
    SAYS,
    Mark,
    Message,
    Span,
    Tape,
    name_of,
)

MESSAGES_MOST = 100_000  # on a tape: some 20 MB
_REMEMBERED_US = 5_000_000  # how long a datagram may be on its way; the worst profile needs one
_PAUSE_US = 300_000  # frames that lie further apart are two spans
_ENDS = {record.RESTARTED: "down", record.RESUMED: "paused", record.ROAMED: "roaming"}
_BEGINS = {record.CRASHED: "down", record.PAUSED: "paused", record.ROAMING: "roaming"}


class Recorder:
    """Make it before the run; ask for the `tape` after it."""

    def __init__(
        self, world: World, choice: Choice, nodes: list[int], from_us: int, to_us: int
    ) -> None:
        why = f"{world.spec['scenario']['why']}; {world.spec['profile']['why']}"
        self._tape = Tape(choice, why, nodes, from_us, to_us)
        self._tape.others = len(world.nodes) - len(nodes)
        self._world = world
        self._protocol = choice.protocol
        self._shown = frozenset(nodes)
        self._wire: dict[int, int] = {1: 0}  # number on the wire -> node
        self._sent: dict[tuple[int, int], tuple[Any, int]] = {}  # kept, so that no id is reused
        self._swept_us = 0
        self._newest: dict[int, Message] = {}  # delivered, by node
        self._open: dict[tuple[int, str], Span] = {}
        self._concealed: dict[int, int] = {}  # frames since the last heard: a gap, or the end
        watch = world.record.watch
        watch(record.SENT, self._on_sent)
        watch(record.DELIVERED, self._on_delivered)
        watch(record.LOST, self._on_lost)
        watch(record.REFUSED, self._on_refused)
        watch(record.PRESSED, lambda *r: self._mark(r[0], r[1], BUTTON, "presses"))
        watch(record.LET_GO, lambda *r: self._mark(r[0], r[1], BUTTON, "lets go"))
        watch(record.SPOKEN, self._on_spoken)
        watch(record.PLAYED, self._on_played)
        watch(record.CONCEALED, self._on_concealed)
        watch(record.EVENT, self._on_event)
        watch(record.TALKING, self._on_talking)
        watch(record.STARTED, self._on_started)
        watch(record.FAULT, self._on_fault)

    def tape(self, is_whole: bool) -> Tape:
        """What was recorded, clipped to the window."""
        tape = self._tape
        for key, span in list(self._open.items()):
            self._close(key, span.to_us)
        tape.spans += self._cuts()
        tape.spans = [each for each in tape.spans if each.to_us > tape.from_us]
        for span in tape.spans:
            span.from_us = max(span.from_us, tape.from_us)
            span.to_us = min(span.to_us, tape.to_us)
        tape.spans.sort(key=lambda each: each.from_us)
        tape.messages.sort(key=lambda each: each.sent_us)
        tape.violations = list(self._world.violations)
        tape.digest = self._world.record.digest() if is_whole else None
        return tape

    # --- messages ---

    def _on_sent(self, now_us: int, node: int, a: int, b: int, data: Any) -> None:
        if node not in self._shown:
            return
        if now_us - self._swept_us > _REMEMBERED_US:
            self._swept_us = now_us
            old_us = now_us - _REMEMBERED_US
            self._sent = {key: each for key, each in self._sent.items() if each[1] > old_us}
        self._sent[node, id(data)] = (data, now_us)

    def _on_delivered(self, now_us: int, node: int, source: int, size: int, data: Any) -> None:
        if node in self._shown and source in self._shown:
            message = self._message(now_us, source, node, data)
            if message:
                self._newest[node] = message

    def _on_lost(self, now_us: int, node: int, to: int, reason: int, data: Any) -> None:
        to = 0 if to < 0 else to  # a broadcast reaches wired hosts
        if node in self._shown and to in self._shown:
            message = self._message(now_us, node, to, data)
            if message:
                message.lost = record.LOSSES[reason]

    def _on_refused(self, now_us: int, node: int, reason: int, b: int, data: Any) -> None:
        message = self._newest.get(node)
        if message and message.due_us == now_us:
            message.refused = refusal.NAMES[reason]

    def _message(self, now_us: int, source: int, destination: int, data: Any) -> Message | None:
        if now_us < self._tape.from_us:
            return None
        if len(self._tape.messages) >= MESSAGES_MOST:
            self._tape.left_out += 1
            return None
        sent_us = self._sent.get((source, id(data)), (data, now_us))[1]
        name = words.type_of(data, self._protocol)
        is_voice = name in (words.VOICE, words.V1_VOICE)
        message = Message(sent_us, now_us, source, destination, name, len(data), is_voice)
        self._tape.messages.append(message)
        return message

    # --- voice ---

    def _on_spoken(self, now_us: int, node: int, a: int, frame: int, start_us: Any) -> None:
        self._lengthen(node, SAYS, start_us, start_us + FRAME_US, "")

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        begin_us = now_us + delay_us
        talker = name_of(marker.talker_of(frame))
        self._lengthen(node, HEARS, begin_us, begin_us + FRAME_US, talker)
        concealed = self._concealed.pop(node, 0)
        span = self._open.get((node, HEARS))
        if span and span.count > 1:  # what was concealed before belongs to the span before
            span.concealed += concealed

    def _on_concealed(self, now_us: int, node: int, a: int, delay_us: int, detail: Any) -> None:
        if (node, HEARS) in self._open:
            self._concealed[node] = self._concealed.get(node, 0) + 1

    def _lengthen(self, node: int, kind: str, from_us: int, to_us: int, who: str) -> None:
        if node not in self._shown:
            return
        key = (node, kind)
        span = self._open.get(key)
        if span and (span.words != who or from_us - span.to_us > _PAUSE_US):
            self._close(key, span.to_us)
            span = None
        if span is None:
            span = self._open[key] = Span(from_us, to_us, node, kind, who)
        span.to_us = max(span.to_us, to_us)
        span.count += 1

    # --- what else happens to a node ---

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.JOINED and self._protocol == "v2":
            self._wire[value] = node
        self._mark(now_us, node, EVENT, words.event_words(kind, value, self._who))

    def _who(self, wire: int) -> str:
        node = wire if self._protocol == "v1" else self._wire.get(wire)
        return f"number {wire}" if node is None else name_of(node)

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        self._mark(now_us, node, FLOOR, "may talk" if is_talking else "may talk no longer")
        if is_talking:
            self._begin(node, HOLDS, now_us)
        else:
            self._close((node, HOLDS), now_us)

    def _on_started(self, now_us: int, node: int, again: int, b: int, detail: Any) -> None:
        if not again:
            self._mark(now_us, node, EVENT, "switched on")

    def _on_fault(self, now_us: int, node: int, kind: int, measure: int, detail: Any) -> None:
        if kind in (record.CUT, record.HEALED):
            node = self._tape.nodes[0]  # it concerns the venue
        self._mark(now_us, node, FAULT, words.fault_words(kind, measure))
        if kind in _ENDS:
            self._close((node, _ENDS[kind]), now_us)
        if kind in _BEGINS:
            if kind == record.CRASHED:
                self._close((node, "paused"), now_us)
            self._begin(node, _BEGINS[kind], now_us)

    def _cuts(self) -> list[Span]:
        """Which of the nodes shown were cut off, from the script: the record says only that some
        were."""
        cuts: list[Span] = []
        away: list[Span] = []
        for at_us, action, _, who in self._world.plan.steps:
            if action == "cut":
                nodes = sorted(who & self._shown)
                away = [Span(at_us, self._tape.to_us, node, "cut off") for node in nodes]
                cuts += away
            elif action == "heal":
                for span in away:
                    span.to_us = at_us
                away = []
        return [each for each in cuts if each.from_us < self._tape.to_us]

    def _mark(self, now_us: int, node: int, kind: str, text: str) -> None:
        if node in self._shown and now_us >= self._tape.from_us:
            self._tape.marks.append(Mark(now_us, node, kind, text))

    def _begin(self, node: int, kind: str, now_us: int) -> None:
        if node in self._shown and (node, kind) not in self._open:
            self._open[node, kind] = Span(now_us, self._tape.to_us, node, kind)

    def _close(self, key: tuple[int, str], now_us: int) -> None:
        span = self._open.pop(key, None)
        if span:
            span.to_us = now_us
            self._tape.spans.append(span)
