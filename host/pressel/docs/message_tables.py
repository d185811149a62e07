"""The message table as Markdown: each message with its fields, the enums, the version."""

from __future__ import annotations

from pressel.schema.messages import FieldRow, MessageRow, MessageTable, load_table

SIZES = {"u8": 1, "u16": 2, "u32": 4, "raw4": 4, "raw8": 8, "raw16": 16}  # a text has no fixed size


def message(name: str) -> str:
    """One message with its fields, and the enums that no message before it has."""
    table = load_table()
    (row,) = [each for each in table.message if each.name == name]
    parts = [_message(row, table)]
    parts += [_enum(enum, table) for enum in _first_used_by(row, table)]
    return "\n\n".join(parts)


def _first_used_by(row: MessageRow, table: MessageTable) -> list[str]:
    """Each enum is described once, beside the message with the lowest number that uses it."""
    known: list[str] = []
    for each in table.message:
        used = dict.fromkeys(field.enum for field in each.fields if field.enum)
        own = [enum for enum in used if enum not in known]
        if each is row:
            return own
        known += own
    return []


def host_messages(_: str) -> str:
    """What hosts say to each other, one row a message: only hosts of one build meet."""
    rows = ["| number | message | fields | meaning |", "|---|---|---|---|"]
    for row in load_table().host_message:
        fields = ", ".join(f"{field.name} {field.type}" for field in row.fields)
        rows.append(f"| {row.number} | {row.name} | {fields} | {row.text} |")
    return "\n".join(rows)


def _message(message: MessageRow, table: MessageTable) -> str:
    sender = {"both": "participant or leader"}.get(message.sender, message.sender)
    since = f" Since version {_version(message.since, table)}." if message.since else ""
    rows = [
        f"#### {message.name} ({message.number})",
        "",
        f"From {sender}. {message.text}{since}",
        "",
        "| at | field | type | range | meaning |",
        "|---|---|---|---|---|",
    ]
    places = offsets(message)
    for field, at in zip(message.fields, places, strict=False):
        cells = (at, field.name, field.type, _range(field), _meaning(field, table))
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    if message.tail:
        rows.append(f"| {places[-1]} | *then* | bytes | | {message.tail} |")
    return "\n".join(rows)


def offsets(message: MessageRow) -> list[int | str]:
    """Where each field starts in the payload, and where the last one ends; "" after a text."""
    places: list[int | str] = [0]
    for field in message.fields:
        at = places[-1]
        size = SIZES.get(field.type)
        places.append("" if size is None or isinstance(at, str) else at + size)
    return places


def _range(field: FieldRow) -> str:
    if field.type.startswith("raw"):
        return f"{field.largest} bytes"
    unit = " bytes" if field.type == "text" else ""
    return f"{field.min} to {field.largest}{unit}"


def _meaning(field: FieldRow, table: MessageTable) -> str:
    text = field.text
    if field.enum:
        text += f" (enum {field.enum})"
    if field.since:
        default = "empty" if field.default == "" else field.default
        text += f"; since {_version(field.since, table)}, missing means {default}"
    return text


def _version(minor: int, table: MessageTable) -> str:
    return f"{table.version_byte >> 4}.{minor}"


def _enum(enum: str, table: MessageTable) -> str:
    rows = ["| enum | value | name | meaning |", "|---|---|---|---|"]
    rows += [
        f"| {enum} | {v.number} | {name} | {v.text} |" for name, v in table.enums[enum].items()
    ]
    return "\n".join(rows)


def version(_: str) -> str:
    """What a client of this document writes into its envelopes and its HELLO."""
    table = load_table()
    rows = [
        "| | |",
        "|---|---|",
        f"| protocol version | {table.version} |",
        f"| version byte of the envelope | `{table.version_byte:02x}` |",
        f"| table hash | `{table.digest().hex()}` |",
    ]
    return "\n".join(rows)
