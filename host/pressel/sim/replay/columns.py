"""A tape on a terminal: a line an event, a column a node, the time at the left.

A datagram is an arrow from its sender's line to its receiver's, with the milliseconds that it took;
one that was lost ends in a cross with the reason. Voice is one arrow for as long as it flows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from .tape import BUTTON, FAULT, FAULTY, HEARS, SAYS, Mark, Message, Span, Tape, name_of
from .words import QUIET

TIME_COLUMNS = 10
COLUMN_LEAST = 20  # for "├ FLOOR_REQUEST 14 ▶"
_HEAD_EVERY = 50  # lines: a screen
_VOICE_PAUSE_US = 500_000  # as long as a listener waits for a burst that stalls
_STYLES = {BUTTON: "bold cyan", FAULT: "bold yellow"}


def columns_at(width: int) -> int:
    """How many nodes fit."""
    return max(2, (width - TIME_COLUMNS) // COLUMN_LEAST)


@dataclass
class _Flow:
    """Voice packets from one node to another, one after the other."""

    first: Message
    until_us: int
    packets: int = 0
    lost: int = 0


def lines(tape: Tape, width: int, is_all: bool = False) -> Iterator[Text]:
    """The whole timeline; `is_all`: with each voice packet, and heartbeats."""
    page = _Page(tape, width)
    yield from page.title()
    items = _items(tape, is_all)
    if not items:
        yield Text("nothing happened to these nodes in this time")
    for number, (at_us, item) in enumerate(items):
        if number % _HEAD_EVERY == 0:
            yield page.head()
        yield page.line(at_us, item)
    yield from page.end(_hidden(tape) if not is_all else 0)


def _is_hidden(message: Message) -> bool:
    return message.name in QUIET and not message.lost and not message.refused


def _hidden(tape: Tape) -> int:
    return sum(1 for each in tape.messages if _is_hidden(each))


_Item = "Message | Mark | Span | _Flow | str"


def _items(tape: Tape, is_all: bool) -> list[tuple[int, Message | Mark | Span | _Flow | str]]:
    """What gets a line, by the time at which it ends (a message) or begins (all others)."""
    items: list[tuple[int, Message | Mark | Span | _Flow | str]] = []
    flows: dict[tuple[int, int], _Flow] = {}
    for message in tape.messages:
        if message.is_voice and not is_all:
            key = (message.source, message.destination)
            flow = flows.get(key)
            if flow is None or message.sent_us - flow.until_us > _VOICE_PAUSE_US:
                flow = flows[key] = _Flow(message, message.due_us)
                items.append((message.sent_us, flow))
            flow.until_us = max(flow.until_us, message.due_us)
            flow.packets += 1
            flow.lost += message.lost is not None
        elif is_all or not _is_hidden(message):
            items.append((message.due_us, message))
    items += [(mark.at_us, mark) for mark in tape.marks]
    items += [(span.from_us, span) for span in tape.spans if span.kind in (SAYS, HEARS, "cut off")]
    from_ms = tape.from_us // 1000
    for each in tape.violations:
        if each["at_ms"] >= from_ms:
            items.append((each["at_ms"] * 1000, f"{each['checker']}: {each['what']}"))
    items.sort(key=lambda item: item[0])
    return items


class _Page:
    """Places of lifelines, and the drawing of one line."""

    def __init__(self, tape: Tape, width: int) -> None:
        self._tape = tape
        count = len(tape.nodes)
        self._step = max(COLUMN_LEAST, min(32, (width - TIME_COLUMNS) // count))
        self._at = {node: TIME_COLUMNS + n * self._step for n, node in enumerate(tape.nodes)}
        self._width = max(width, TIME_COLUMNS + count * self._step)
        self._faults: dict[int, list[Span]] = {node: [] for node in tape.nodes}
        for span in tape.spans:
            if span.kind in FAULTY:
                self._faults[span.node].append(span)

    def title(self) -> Iterator[Text]:
        choice, tape = self._tape.choice, self._tape
        yield Text(
            f"{choice.scenario} on {choice.profile}, {choice.participants} participants, "
            f"{choice.protocol}, seed {choice.seed}, "
            f"{tape.from_us / 1e6:g} to {tape.to_us / 1e6:g} s",
            style="bold",
        )
        yield Text(f"{tape.why}", style="dim")

    def head(self) -> Text:
        row = [" "] * self._width
        row[: len("       s")] = "       s"
        for node, at in self._at.items():
            name = name_of(node)[: self._step - 1]
            row[at : at + len(name)] = name
        return Text("".join(row).rstrip(), style="bold underline")

    def end(self, hidden: int) -> Iterator[Text]:
        tape = self._tape
        if tape.others:
            yield Text(f"{tape.others} other nodes are not shown; --nodes names others", "dim")
        if hidden:
            yield Text(f"{hidden} heartbeats that arrived are not shown; --all shows them", "dim")
        if tape.left_out:
            yield Text(f"{tape.left_out} later messages did not fit; give --from", "yellow")
        if tape.digest:
            yield Text(f"digest {tape.digest}", style="dim")
        count = len(tape.violations)
        if count:
            yield Text(f"{count} violation{'' if count == 1 else 's'}", style="bold red")

    def line(self, at_us: int, item: Message | Mark | Span | _Flow | str) -> Text:
        row = self._lifelines(at_us)
        style = ""
        if isinstance(item, Message):
            self._arrow(row, item, _message_words(item), "─")
            style = "red" if item.lost else "yellow" if item.refused else _style(item)
        elif isinstance(item, _Flow):
            self._arrow(row, item.first, _flow_words(item), "═")
            style = "green"
        elif isinstance(item, Mark):
            self._put(row, self._at[item.node], "● " + item.words)
            style = _STYLES.get(item.kind, "")
        elif isinstance(item, Span):
            self._put(row, self._at[item.node], "┃ " + _span_words(item))
            style = "yellow" if item.kind in FAULTY else "green"
        else:
            row = list(f"!! {item}")
            return Text(f"{at_us / 1e6:8.3f}  ", "bold red").append("".join(row), "bold red")
        line = Text(f"{at_us / 1e6:8.3f}  ", style="dim")
        return line.append("".join(row[TIME_COLUMNS:]).rstrip(), style=style)

    def _lifelines(self, at_us: int) -> list[str]:
        row = [" "] * self._width
        for node, at in self._at.items():
            is_faulty = any(span.from_us <= at_us < span.to_us for span in self._faults[node])
            row[at] = "┊" if is_faulty else "│"
        return row

    def _put(self, row: list[str], at: int, words: str) -> None:
        """Text that does not fit moves to the left of the page's edge, or goes beyond it."""
        row[at : at + len(words)] = words

    def _arrow(self, row: list[str], message: Message, words: str, stroke: str) -> None:
        source, destination = self._at[message.source], self._at[message.destination]
        low, high = sorted((source, destination))
        room = high - low - 1
        body = f" {words} "[:room]
        pad = room - len(body)
        before = pad // 2 if abs(high - low) > self._step else min(1, pad)
        inside = stroke * before + body + stroke * (pad - before)
        if source > destination:
            inside = stroke * (pad - before) + body + stroke * before
        row[low + 1 : high] = inside
        row[source] = "├" if source < destination else "┤"
        head = "✕" if message.lost else "▶" if source < destination else "◀"
        row[destination - 1 if source < destination else destination + 1] = head
        if message.refused:
            self._put(row, destination + 1, f" refused: {message.refused}")


def _style(message: Message) -> str:
    if message.name.startswith("FLOOR_"):
        return "cyan"
    return "green" if message.is_voice else ""


def _message_words(message: Message) -> str:
    took_ms = (message.due_us - message.sent_us) / 1000
    if message.lost:
        return f"{message.name} {message.lost}"
    return f"{message.name} {took_ms:.0f}" if took_ms >= 1 else message.name


def _flow_words(flow: _Flow) -> str:
    words = f"voice {flow.packets}"
    if flow.lost:
        words += f", {flow.lost} lost"
    return words


def _span_words(span: Span) -> str:
    lasts_s = (span.to_us - span.from_us) / 1e6
    if span.kind == SAYS:
        return f"speaks {lasts_s:.2f} s"
    if span.kind == HEARS:
        words = f"hears {span.words} {lasts_s:.2f} s"
        return words + (f", {span.concealed} concealed" if span.concealed else "")
    return f"{span.kind} for {lasts_s:.2f} s"
