"""A tape as a sequence chart: one HTML file that needs nothing beside it.

The page's own script draws it, so that types and nodes can be hidden. Its size is bounded: what
does not fit is left out at the end, and the page says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .tape import EVENT, FAULTY, HEARS, HOLDS, SAYS, Mark, Message, Tape, name_of
from .words import QUIET, TYPES

MESSAGES_MOST = 3_000  # a browser draws that in a moment
VOICE_MOST = 4_000
MARKS_MOST = 2_000
_SPANS = (HOLDS, SAYS, HEARS, *FAULTY)


def render_chart(tape: Tape, commit: str | None) -> str:
    """The whole page."""
    environment = Environment(
        loader=PackageLoader("pressel.sim.replay"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    chart = _chart(tape)
    return environment.get_template("chart.html.j2").render(
        tape=tape, choice=tape.choice, chart=chart, commit=commit
    )


def _chart(tape: Tape) -> dict[str, Any]:
    """What the page's script draws; nodes and types by their place in their lists."""
    told = [each for each in tape.messages if not each.is_voice]
    voice = [each for each in tape.messages if each.is_voice]
    until_us = _until_us(told, MESSAGES_MOST, tape.to_us)
    if len(tape.marks) > MARKS_MOST:
        until_us = min(until_us, tape.marks[MARKS_MOST].at_us)
    voice_until_us = min(until_us, _until_us(voice, VOICE_MOST, tape.to_us))
    told = [each for each in told if each.sent_us < until_us]
    voice = [each for each in voice if each.sent_us < voice_until_us]
    types = _types(told + voice)
    place = {node: index for index, node in enumerate(tape.nodes)}
    kinds = {name: index for index, (name, _, _) in enumerate(types)}
    return {
        "from": tape.from_us,
        "until": until_us,
        "nodes": [name_of(node) for node in tape.nodes],
        "types": types,
        "messages": [
            [
                *(each.sent_us, each.due_us, place[each.source], place[each.destination]),
                *(kinds[each.name], each.size_bytes, each.lost or 0, each.refused or 0),
            ]
            for each in sorted(told + voice, key=lambda each: each.sent_us)
        ],
        "marks": [
            [each.at_us, place[each.node], each.kind, each.words]
            for each in _together(tape.marks)
            if each.at_us < until_us
        ],
        "spans": [
            [
                *(each.from_us, min(each.to_us, until_us), place[each.node]),
                *(_SPANS.index(each.kind), each.words, each.count, each.concealed),
            ]
            for each in tape.spans
            if each.from_us < until_us
        ],
        "kinds": _SPANS,
        "violations": [
            [max(each["at_ms"] * 1000, tape.from_us), f"{each['checker']}: {each['what']}"]
            for each in tape.violations
            if tape.from_us // 1000 <= each["at_ms"] and each["at_ms"] * 1000 <= until_us
        ],
        "left_out": _left_out(tape, until_us, voice_until_us),
    }


def _together(marks: list[Mark]) -> list[Mark]:
    """All that happens to a node in one microsecond is one mark: there is only one place for it."""
    last: dict[int, Mark] = {}
    together: list[Mark] = []
    for mark in marks:
        before = last.get(mark.node)
        if before and before.at_us == mark.at_us:
            before.words += f"; {mark.words}"
            if before.kind == EVENT:
                before.kind = mark.kind
        else:
            last[mark.node] = replace(mark)
            together.append(last[mark.node])
    return together


def _until_us(messages: list[Message], most: int, end_us: int) -> int:
    """The time before which no more than `most` were sent."""
    return end_us if len(messages) <= most else messages[most].sent_us


def _types(messages: list[Message]) -> list[tuple[str, int, bool]]:
    """(name, number on the wire or -1, shown at first), in the order of the message table."""
    order = {name: number for number, name in TYPES.items()}
    names = sorted({each.name for each in messages}, key=lambda name: (order.get(name, 999), name))
    voices = {each.name for each in messages if each.is_voice}
    return [(name, order.get(name, -1), name not in voices and name not in QUIET) for name in names]


def _left_out(tape: Tape, until_us: int, voice_until_us: int) -> list[str]:
    said = []
    if tape.others:
        said.append(f"{tape.others} of the run's nodes")
    if until_us < tape.to_us:
        said.append(f"everything after {until_us / 1e6:.3f} s")
    if voice_until_us < until_us:
        said.append(f"voice packets after {voice_until_us / 1e6:.3f} s")
    if tape.left_out:
        said.append(f"{tape.left_out} messages at the end")
    return said
