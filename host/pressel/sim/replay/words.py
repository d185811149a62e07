"""What datagrams, events and faults are called on a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pressel.schema.messages import load_table
from pressel.schema.sentences import event_fields, sentence
from ptt.base import events
from ptt.wire import messages

from ..world import record
from ..world.nodes import legacy_stream

TYPES: Mapping[int, str] = {row.number: row.name for row in load_table().message}
VOICE = TYPES[messages.VOICE_FRAME]
V1_VOICE = "voice"
QUIET = (TYPES[messages.HEARTBEAT], "ping", "pong", "ACK")  # the same again and again


def type_of(data: Any, protocol: str) -> str:
    """The name of a datagram's type."""
    if protocol == "v2":
        number = data[1] if len(data) > 1 else -1
        return TYPES.get(number, f"type {number}")
    return _v1_type(bytes(data))


def _v1_type(data: bytes) -> str:
    """Of the old app's connections: what the segment carries, or what kind it is."""
    kind, _, _, _, message = legacy_stream.decode(data)
    if kind != legacy_stream.DATA:
        return legacy_stream.NAMES[kind]
    if message[:1] == b"\x01":
        return V1_VOICE
    return bytes(message).decode("ascii", "replace").rpartition(":")[2]


def event_words(kind: int, value: Any, who: Callable[[int], str]) -> str:
    """An event of an engine; `who` names a node by its number on the wire."""
    name = events.NAMES[kind]
    return sentence(name, event_fields(name, value, who))


def fault_words(kind: int, measure: int) -> str:
    name = record.FAULTS[kind]
    if kind == record.ROAMING:
        return f"roaming for {measure / 1000:.0f} ms"
    if kind == record.CLOCK_STEPPED:
        return f"clock stepped by {measure} ms"
    if kind == record.NO_MEMORY:
        return f"no memory for {measure} sends"
    if kind == record.CRASHED and not measure:
        return "crashed, disk lost"
    if kind == record.CUT:
        return ("network cut", "cut: those away unheard", "cut: those away deaf")[measure]
    return {"healed": "network healed"}.get(name, name)
