"""Settings, events and metrics as Markdown, from the files in shared/schema."""

from __future__ import annotations

from pressel.schema.events import PLAIN_KINDS, EventRow, event_table
from pressel.schema.metrics import metrics as all_metrics
from pressel.schema.settings import settings as all_settings

_BADGES = {
    "obeys": "badges obey it",
    "told": "badges are told it, and the leader sees to it",
    "none": "hosts alone know it",
}


def settings(_: str) -> str:
    """Every setting with all that the schema says of it."""
    parts = []
    for name, row in all_settings().items():
        facts = f"Of {row.range_words()}; {row.in_words(row.default)} unless set: {row.reason}."
        rows = [
            f"### {name}",
            "",
            f"{row.text[0].upper()}{row.text[1:]}. {facts}",
            "",
            "| | |",
            "|---|---|",
            f"| what it costs | {row.costs} |",
            f"| one value for | the {row.scope} |",
            f"| changed by | the {row.changed_by} |",
            f"| badges | {_BADGES[row.badge]} |",
            f"| on the wire | number {row.number}, {row.type}, since version 2.{row.since} |",
        ]
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def events(section: str) -> str:
    """Every event of `engine`, `election` or `host` with its sentence."""
    rows = ["| event | carries | sentence |", "|---|---|---|"]
    for name, row in getattr(event_table(), section).items():
        said = f"{row.text}; {row.advice}" if row.advice else row.text
        rows.append(f"| {name} | {_carried(row)} | {said} |")
    return "\n".join(rows)


def event_words(_: str) -> str:
    """What a sentence says for a number that has a name."""
    rows = ["| kind | number | word | in a sentence |", "|---|---|---|---|"]
    for kind, words in event_table().words.items():
        for key, word in words.items():
            said = word.text or "(nothing)"
            rows.append(f"| {kind} | {word.number} | {key.replace('_', ' ')} | {said} |")
    return "\n".join(rows)


def _carried(row: EventRow) -> str:
    parts = []
    for name in row.value:
        named = [kind for kind in row.kinds(name) if kind not in PLAIN_KINDS]
        parts.append(f"{name} ({' or '.join(named)})" if named and named != [name] else name)
    return ", ".join([*parts, *row.adds])


def metrics(_: str) -> str:
    """Every metric with its labels and its source."""
    rows = ["| metric | type | labels | meaning | read from |", "|---|---|---|---|---|"]
    for name, row in all_metrics().items():
        source = row.source + (f", {row.value}" if row.value else "")
        cells = (f"`{name}`", row.type, ", ".join(row.labels), row.help, f"`{source}`")
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)
