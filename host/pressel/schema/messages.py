"""The message table: reads shared/schema/messages.toml and renders ptt/wire/messages.py, and
ptt/cluster/host_messages.py for what only hosts say to each other.

Knows nothing of sockets or state; it is run by developers (`make schema`) and by the test that
says when the generated file is stale.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pressel.tree import ROOT

from .check import Loc, Wrong, load
from .settings import roomy_tail, settings, short, told_settings

U32_MAX = 2**30 - 1  # a badge keeps larger integers on its heap

FieldType = Literal["u8", "u16", "u32", "raw4", "raw8", "raw16", "text"]
_LARGEST = {
    "u8": 255, "u16": 65535, "u32": U32_MAX, "raw4": 4, "raw8": 8, "raw16": 16, "text": 255
}  # fmt: skip
_KINDS = {"u8": 1, "u16": 2, "u32": 4, "raw4": 14, "raw8": 18, "raw16": 26, "text": 9}


class FieldRow(BaseModel):
    """One field: its type, inclusive range (of the value, or of a text's bytes) and meaning."""

    model_config = ConfigDict(extra="forbid")
    name: str
    type: FieldType
    text: str
    min: int = 0
    max: int | None = None
    enum: str | None = None  # of the table's, when the values have names
    since: int = 0
    default: int | str | None = (
        None  # what an older sender means (raw: in hex); set exactly when since > 0
    )

    @property
    def largest(self) -> int:
        return _LARGEST[self.type] if self.max is None else self.max


class MessageRow(BaseModel):
    """One message: number, who sends it, and its fields in wire order. With `settings`, the
    settings that badges are told follow the fields."""

    model_config = ConfigDict(extra="forbid")
    name: str
    number: int = Field(ge=1, le=255)
    sender: Literal["participant", "leader", "both", "host"] = Field(alias="from")
    text: str
    tail: str | None = None
    since: int = 0
    settings: bool = False
    fields: list[FieldRow]


class EnumValue(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int = Field(ge=0, le=127)
    text: str


class MessageTable(BaseModel):
    """The whole table of one protocol version. Badges know nothing of `host_message`: those have
    their own hash, their own enums, and numbers that no badge message has."""

    model_config = ConfigDict(extra="forbid")
    version: str = Field(pattern=r"^\d+\.\d+$")
    enums: dict[str, dict[str, EnumValue]]
    message: list[MessageRow]
    host_enums: dict[str, dict[str, EnumValue]] = {}
    host_message: list[MessageRow] = []

    @property
    def version_byte(self) -> int:
        """Major in the high four bits, minor in the low four, as envelopes carry it."""
        major, minor = self.version.split(".")
        return int(major) << 4 | int(minor)

    def enums_of(self, message: MessageRow) -> dict[str, dict[str, EnumValue]]:
        return self.host_enums if message.sender == "host" else self.enums

    def name_of(self, number: int) -> str:
        """The name of message `number`, or its number as text when unknown."""
        return next((m.name for m in self.message if m.number == number), str(number))

    def digest(self) -> bytes:
        """Four bytes that change whenever something changes that a badge could notice on the
        wire."""
        return _digest([self.version], self.enums, self.message)

    def host_digest(self) -> bytes:
        """The same for what hosts say to each other."""
        return _digest([], self.host_enums, self.host_message)


def _digest(
    facts: list[str], enums: dict[str, dict[str, EnumValue]], rows: list[MessageRow]
) -> bytes:
    facts += [f"{e}.{k}={v.number}" for e, ks in enums.items() for k, v in ks.items()]
    for message in rows:
        fields = [f"{f.name}:{f.type}:{f.min}:{f.largest}:{f.default}" for f in message.fields]
        facts.append(f"{message.number}:{message.name}:{message.sender}:{','.join(fields)}")
    return hashlib.sha256("\n".join(facts).encode()).digest()[:4]


def table_path() -> Path:
    """Where the table lies in the source tree."""
    return ROOT / "shared" / "schema" / "messages.toml"


def load_table(path: Path | None = None) -> MessageTable:
    """The table as checked data; UsageError with file, line and reason of each mistake."""
    table = load(path or table_path(), MessageTable, _can_evolve)
    for row in table.message:
        if row.settings:
            row.fields += _told_settings()
    return table


def _told_settings() -> list[FieldRow]:
    """The settings that badges are told, as fields: where a newer one is missing, its default
    holds."""
    return [
        FieldRow(
            name=short(name),
            type=row.type,
            text=row.text,
            min=row.min,
            max=row.max,
            since=row.since,
            default=row.default if row.since else None,
        )
        for name, row in told_settings(settings()).items()
    ]


@cache
def message_table() -> MessageTable:
    """The table of this build."""
    return load_table()


def _can_evolve(table: MessageTable) -> Wrong:
    minor = table.version_byte & 15
    numbers: set[int] = set()
    for array, rows in (("message", table.message), ("host_message", table.host_message)):
        for index, row in enumerate(rows):
            at = (array, index)
            if row.number in numbers:
                yield (*at, "number"), f"{row.number} is taken; give {row.name} a free number"
            numbers.add(row.number)
            if (row.sender == "host") != (array == "host_message"):
                yield (*at, "from"), "what hosts send stands under host_message, nothing else does"
            if row.since > minor:
                yield (*at, "since"), f"{row.name} is newer than version {table.version}"
            yield from _fields_can_evolve(table, row, at)


def _fields_can_evolve(table: MessageTable, row: MessageRow, at: Loc) -> Wrong:
    before = 0
    for index, field in enumerate(row.fields):
        here, name = (*at, "fields", index), f"{row.name}.{field.name}"
        if field.since < before:
            yield here, f"{name}: since {field.since} behind since {before}; append new fields"
        before = field.since
        if field.enum is not None and field.enum not in table.enums_of(row):
            yield here, f"{name}: no enum {field.enum}; add it, or name another"
        if field.since > (table.version_byte & 15):
            yield here, f"{name}: newer than version {table.version}; raise the version"
        if (field.since > row.since) != (field.default is not None):
            yield here, f"{name}: an appended field has a default, and no other has one"


def render(table: MessageTable) -> str:
    """The text of ptt/wire/messages.py."""
    lines = [
        '"""The message table as code. Written by `make schema` from shared/schema/messages.toml.',
        "",
        "`LAYOUTS` holds for each type its fields: (kind, lowest, highest, default). Kinds 1,",
        "2 and 4 are big-endian integers of that many bytes, 14, 18 and 26 raw bytes (4, 8, 16), 9",
        "a text with a length byte. A field with a default may be missing, from an older sender.",
        "`TABLE` is the same, small enough for a badge, which has no `LAYOUTS`: the fields that",
        "differ; for each field of all types in turn its place among those; and by a type's number",
        "where its fields begin, and the next number's begin where they end. A build without room",
        "ends SETTINGS_SNAPSHOT behind the last setting that it obeys.",
        "`SENDERS` says who may send a type, by its number: 1 participant, 2 leader, 3 both, 0: no",
        'such type. It is bytes, since a badge has no room for a dictionary."""',
        "",
        "from ..base import features",
        "from ..base.compat import const",
        "",
        f"VERSION = const(0x{table.version_byte:02X})  # major: high four bits, minor: low four",
        'TABLE_HASH = b"' + "".join(f"\\x{byte:02x}" for byte in table.digest()) + '"',
        "",
    ]
    lines += _names(table.message, table.enums)
    lines += ["", *_senders(table.message), "", *_layouts(table.message), ""]
    rows = [f"    {line}" for line in _packed(table.message)]
    few = [f"    {line}" for line in _packed(_without_room(table.message))]
    lines += ["if features.HAS_SMOOTH_PLAYOUT:", *rows, "else:", *few, ""]
    return "\n".join(lines)


def _without_room(messages: list[MessageRow]) -> list[MessageRow]:
    """What badges know that are not roomy: the last settings are not theirs."""
    left_out = roomy_tail(settings())
    return [
        row.model_copy(update={"fields": row.fields[: len(row.fields) - left_out]})
        if row.settings
        else row
        for row in messages
    ]


def _senders(messages: list[MessageRow]) -> list[str]:
    codes = {"participant": 1, "leader": 2, "both": 3}
    by_number = {message.number: codes[message.sender] for message in messages}
    senders = bytes(by_number.get(number, 0) for number in range(max(by_number) + 1))
    return ["SENDERS = (", *_literal(senders), ")"]


def _literal(data: bytes) -> list[str]:
    """`data` as lines of a literal, 16 bytes each."""
    return [
        '    b"' + "".join(f"\\x{byte:02x}" for byte in data[at : at + 16]) + '"'
        for at in range(0, len(data), 16)
    ]


def render_host(table: MessageTable) -> str:
    """The text of ptt/cluster/host_messages.py."""
    lines = [
        '"""What hosts say to each other, as code. Written by `make schema` from',
        "shared/schema/messages.toml; `LAYOUTS` and `TABLE` are as in `messages`. No badge has it.",
        '"""',
        "",
        "from ..base.compat import const",
        "",
        'TABLE_HASH = b"' + "".join(f"\\x{byte:02x}" for byte in table.host_digest()) + '"',
        "",
        *_names(table.host_message, table.host_enums),
        "",
        *_layouts(table.host_message),
        "",
        *_packed(table.host_message),
        "",
    ]
    return "\n".join(lines)


def _names(rows: list[MessageRow], enums: dict[str, dict[str, EnumValue]]) -> list[str]:
    lines = [f"{m.name} = const({m.number})" for m in rows]
    for enum, values in enums.items():
        lines.append("")
        lines += [
            f"{enum.upper()}_{key.upper()} = const({value.number})  # {value.text}"
            for key, value in values.items()
        ]
    return lines


def _layouts(rows: list[MessageRow]) -> list[str]:
    lines = ["LAYOUTS = {"]
    for m in rows:
        lines.append(f"    {m.number}: (  # {m.name}")
        lines += [f"        {_row(f)},  # {f.name}: {f.text}" for f in m.fields]
        lines.append("    ),")
    return [*lines, "}"]


def _packed(messages: list[MessageRow]) -> list[str]:
    rows = list(dict.fromkeys(_row(field) for m in messages for field in m.fields))
    places, starts = bytearray(), bytearray()
    fields = {m.number: m.fields for m in messages}
    for number in range(max(fields) + 1):
        starts.append(len(places))
        places += bytes(rows.index(_row(field)) for field in fields.get(number, ()))
    starts.append(len(places))  # a byte holds no more: ValueError when there are over 255 fields
    lines = ["TABLE = (", "    (", *[f"        {row}," for row in rows], "    ),"]
    for data in (places, starts):
        lines += ["    (", *["    " + line for line in _literal(bytes(data))], "    ),"]
    return [*lines, ")"]


def _row(field: FieldRow) -> str:
    return f"({_KINDS[field.type]}, {field.min}, {field.largest}, {_default(field)})"


def _default(field: FieldRow) -> str:
    if isinstance(field.default, str) and field.type.startswith("raw"):
        return 'b"' + "".join(f"\\x{byte:02x}" for byte in bytes.fromhex(field.default)) + '"'
    if isinstance(field.default, str):
        return f'b"{field.default}"'
    return str(field.default)
