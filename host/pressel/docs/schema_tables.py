"""Settings, events and metrics as Markdown, from the files in shared/schema."""

from __future__ import annotations

from pressel.schema.events import PLAIN_KINDS, EventRow, event_table
from pressel.schema.features import features
from pressel.schema.metrics import metrics as all_metrics
from pressel.schema.settings import flags as all_flags
from pressel.schema.settings import settings as all_settings

_BADGES = {
    "obeys": "badges obey it",
    "roomy": "soft badges obey it, and badges with room (the feature smooth_playout)",
    "apart": "badges with the feature networks obey it, by a message of its own",
    "told": "badges are told it, and the leader sees to it",
    "none": "hosts alone know it",
}
_REACHES = {
    "obeys": "badges, at once or in stages",
    "roomy": "soft badges, and badges with room, at once or in stages",
    "apart": "badges with the feature networks, at once or in stages",
    "told": "hosts, at once; badges are told",
    "none": "hosts, at once",
}
_HOLDS = {
    "venue": "the venue",
    "group": "the venue, or a talk group",
    "board or badge": "the venue, a board, or a badge",
    "group, board or badge": "the venue, a talk group, a board, or a badge",
}


def feature_bits(_: str) -> str:
    """Each bit of `features` in HELLO."""
    rows = ["| bit | feature | a participant that has it |", "|--:|---|---|"]
    rows += [f"| {row.number} | `{row.name}` | {row.text} |" for row in features()]
    return "\n".join(rows)


def settings(_: str) -> str:
    """Every setting with all that the schema says of it."""
    parts = []
    for name, row in all_settings().items():
        default = f"{row.in_words(row.default)}; reason: {row.reason}"
        rows = [
            f"### {name}",
            "",
            f"{row.text[0].upper()}{row.text[1:]}. Range: {row.range_words()}. Default: {default}.",
            "",
            "| | |",
            "|---|---|",
            f"| what it costs | {row.costs} |",
            f"| one value for | {_HOLDS[row.scope]} |",
            f"| changed by | the {row.changed_by} |",
            f"| badges | {_BADGES[row.badge]} |",
            f"| on the wire | number {row.number}, {row.type}, since version 2.{row.since} |",
        ]
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def settings_rules(_: str) -> str:
    """Who may change which setting, and how it spreads."""
    rows = [
        "| setting | unless set | range | one value for | changed by | reaches | since |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in all_settings().items():
        reaches = _REACHES[row.badge]
        cells = (
            f"`{name}`", row.in_words(row.default), row.range_words(), _HOLDS[row.scope],
            f"the {row.changed_by}", reaches, f"2.{row.since}",
        )  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def flags(_: str) -> str:
    """Features that can be switched, as `tests/sim/test_flags.py` runs them."""
    rows = [
        "| switched by | as if it were not there | there | unless set | since | badges |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in all_flags().items():
        off, on = row.in_words(row.off or 0), row.in_words(row.on or 0)
        since, badges = f"2.{row.since}", _BADGES[row.badge]
        cells = (f"`{name}`", off, on, row.in_words(row.default), since, badges)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


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
