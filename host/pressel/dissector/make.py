"""The Wireshark dissector: the message table put into a Lua template.

Lua reads the table as data at run time; the template holds everything that it does with it. It
knows the bytes of the table and no state, so it does not know what a lease or a request means.
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pressel.schema.messages import FieldRow, MessageRow, MessageTable, load_table
from pressel.schema.settings import OBEYED, UNTOLD, settings, short
from ptt.base.numbers import DATAGRAM_BYTES_MAX, PORT
from ptt.wire import voice
from ptt.wire.envelope import HEADER_BYTES, TAG_BYTES


def _settings_summary() -> str:
    """`version {version}`, then name, place and unit of each setting that badges obey."""
    said = ["version {version}"]
    for name, row in settings().items():
        if row.badge in OBEYED and row.badge not in UNTOLD:
            words = short(name).removesuffix(f"_{row.unit}").replace("_", " ")
            said.append(f"{words} {{{short(name)}}} {row.unit}")
    return ", ".join(said)


# What the info column says after a message's name. {field} is a field's value, an enum's by name.
SUMMARIES = {
    "HELLO": "{name}, build {build}",
    "WELCOME": "node {node}, term {term}, group {group}",
    "HEARTBEAT": "lease {lease}, talker {talker}, {waiting} waiting",
    "NACK": "{reason}, about type {about}",
    "ROLE_ANNOUNCE": "{role}, term {term}",
    "CHALLENGE": "",
    "ANSWER": "{name}, build {build}",
    "GROUP_KEY": "group {group}, epoch {epoch}",
    "KEY_WANT": "group {group}",
    "REKEY": "",
    "REKEYED": "",
    "SETTINGS_SNAPSHOT": _settings_summary(),
    "SETTINGS_ACK": "version {version} {result}",
    "WIFI_NETWORK": "network {network}",
    "WIFI_STATE": "network {network}: {state}",
    "TEXT_MESSAGE": "{id} from {name}: {text}",
    "TEXT_ACK": "{id}",
    "FLOOR_REQUEST": "request {request}",
    "FLOOR_GRANT": "lease {lease} to request {request}",
    "FLOOR_RELEASE": "request {request}, lease {lease}",
    "FLOOR_QUEUED": "request {request} at place {position}",
    "FLOOR_DENIED": "request {request}: {reason}",
    "FLOOR_TAKEN": "lease {lease} by {talker} {name}",
    "FLOOR_IDLE": "after lease {lease}",
    "FLOOR_REVOKED": "lease {lease}: {reason}",
    "CALL_ENDED": "group {group}: {reason}",
    "STANDBY": "{place} of {count}: port {port}",
    "UPDATE_OFFER": "release {release}",
    "UPDATE_WANT": "file {file} from {offset}",
    "UPDATE_CHUNK": "file {file} from {offset}",
    "UPDATE_STATE": "release {release}: {state}, {reason}",
    "UPDATE_ORDER": "release {release}: {order}",
    "VOICE_FRAME": "lease {lease} talker {talker}",
    "RECEIVER_REPORT": "lease {lease}: {played} played, {concealed} concealed, {late} late",
    "MULTICAST": "chain {chain}, interval {interval}",
    "MULTICAST_REPORT": "chain {chain}, probes {probes}, late {late}, forged {forged}",
    "MULTICAST_VOICE": "interval {interval}, lease {lease} talker {talker} from frame {first}",
    "MULTICAST_MISSED": "lease {lease} from frame {first}",
    "MULTICAST_HEARD": "lease {lease}",
    "MULTICAST_PROBE": "interval {interval}, number {number}",
    "RELAY": "port {port}, key {number}",
    "RELAY_REPORT": "key {number}: {came} of {sent}",
    "RELAY_PROBE": "key {number}",
    "BADGE_REPORT": "-{signal} dBm, channel {channel}, battery {battery} %",
    "BURST_RECEIPT": "lease {lease}: {heard} of {listeners} heard it, {whole} whole",
}

_WIDTHS = {"u8": 1, "u16": 2, "u32": 4}


def make_dissector(table: MessageTable | None = None) -> str:
    """The text of pressel.lua."""
    table = table or load_table()
    environment = Environment(
        loader=PackageLoader("pressel.dissector"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["lua"] = _quoted
    return environment.get_template("pressel.lua.j2").render(
        version=table.version,
        major=table.version_byte >> 4,
        port=PORT,
        header_bytes=HEADER_BYTES,
        tag_bytes=TAG_BYTES,
        datagram_bytes_max=DATAGRAM_BYTES_MAX,
        frame_sizes=_frame_sizes(table),
        enums=table.enums,
        messages=[_message(message, table) for message in table.message],
    )


def _frame_sizes(table: MessageTable) -> dict[int, int]:
    """Bytes of one frame by the number of its codec."""
    numbers = [value.number for value in table.enums["codec"].values()]
    return {number: voice.frame_bytes(number) for number in numbers}


def _message(message: MessageRow, table: MessageTable) -> dict[str, Any]:
    summary = SUMMARIES.get(message.name, "")
    unknown = set(re.findall(r"{(\w+)}", summary)) - {field.name for field in message.fields}
    if unknown:
        raise ValueError(f"the summary of {message.name} names no field: {', '.join(unknown)}")
    return {
        "number": message.number,
        "name": message.name,
        "text": message.text,
        "sender": message.sender,
        "summary": summary,
        "has_frames": message.name == "VOICE_FRAME",
        "has_tail": message.tail is not None and message.name != "VOICE_FRAME",
        "fields": [_field(message, field) for field in message.fields],
    }


def _field(message: MessageRow, field: FieldRow) -> dict[str, Any]:
    return {
        "name": field.name,
        "abbreviation": f"pressel.{message.name.lower()}.{field.name}",
        "text": field.text,
        "enum": field.enum,
        "kind": "raw"
        if field.type.startswith("raw")
        else "text"
        if field.type == "text"
        else "int",
        "width": _WIDTHS.get(field.type, field.largest),
        "low": field.min,
        "high": field.largest,
        "may_miss": field.default is not None,
    }


def _quoted(text: str) -> str:
    """A string literal of Lua."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
