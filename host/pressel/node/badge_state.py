"""What a badge last reported of itself (BADGE_REPORT), with units, and None for what it does not
know."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pydantic import BaseModel

from pressel.schema.messages import MessageRow, message_table

_NO_SIGNAL = 128
_NOT_MEASURED = 255
_UNKNOWN = 0xFFFF
_HEAP_UNIT_BYTES = 16  # MicroPython's blocks


class BadgeState(BaseModel):
    """One badge, `ago_ms` before now. What is counted begins anew when the badge starts, and after
    65,535; `access_point` is the end of its address, as its label has it."""

    ago_ms: int
    signal_dbm: int | None
    access_point: str | None
    channel: int | None
    battery_percent: int | None
    starts: int
    restart: str
    heap_free_bytes: int | None
    stall_ms: int
    joins: int
    delay_ms: int
    round_trip_ms: int | None
    unanswered: int


def times(fields: Sequence[int]) -> tuple[int | None, int]:
    """Round trip to the leader (None: no answer yet) and playout delay in ms, of the same fields;
    between two datagrams of voice."""
    trip_at, delay_at, *_ = _places()
    trip = fields[trip_at]
    return None if trip == _UNKNOWN else trip, fields[delay_at]


def starts(fields: Sequence[int]) -> tuple[int, bool, bool]:
    """Of the same fields: how often it has started, whether it hung before, and whether its program
    failed or was updated."""
    starts_at, restart_at = _places()[2:]
    causes = message_table().enums["restart"]
    cause = fields[restart_at]
    return fields[starts_at], cause == causes["watchdog"].number, cause == causes["reset"].number


@cache
def _places() -> tuple[int, ...]:
    names = [field.name for field in _row().fields]
    return tuple(map(names.index, ("round_trip", "delay", "starts", "restart")))


def _row() -> MessageRow:
    (row,) = [each for each in message_table().message if each.name == "BADGE_REPORT"]
    return row


def read_report(fields: Sequence[int], ago_ms: int) -> BadgeState:
    """`fields`: of a BADGE_REPORT, as the codec reads them."""
    row = _row()
    told = {field.name: value for field, value in zip(row.fields, fields, strict=True)}
    causes = {each.number: each.text for each in message_table().enums["restart"].values()}
    point, heap, trip = told["access_point"], told["heap"], told["round_trip"]
    return BadgeState(
        ago_ms=ago_ms,
        signal_dbm=None if told["signal"] == _NO_SIGNAL else -told["signal"],
        access_point=f"{point >> 8:02x}:{point & 255:02x}" if point else None,
        channel=told["channel"] or None,
        battery_percent=None if told["battery"] == _NOT_MEASURED else told["battery"],
        restart=causes.get(told["restart"], causes[0]),
        heap_free_bytes=None if heap == _UNKNOWN else heap * _HEAP_UNIT_BYTES,
        delay_ms=told["delay"],
        round_trip_ms=None if trip == _UNKNOWN else trip,
        stall_ms=told["stall"],
        starts=told["starts"],
        joins=told["joins"],
        unanswered=told["unanswered"],
    )
