"""The inventory that a shift manager reads: each badge, who has it, and whether it is on."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from pressel.registry.device import Device
from pressel.registry.lending import Loan

from .printed import print_table

_DAY_S = 86_400  # a badge that is lent for longer was probably taken home
_MISSING_S = 7 * _DAY_S  # a venue uses its badges in turn; one that no week sees is not there


def print_inventory(
    devices: Sequence[Device],
    loans: dict[str, Loan],
    on: set[str] | None,
    heard: dict[str, int],
    batteries: dict[str, int],
    *,
    as_json: bool,
) -> None:
    """`on`: the ids of those that are switched on; None: nobody knows. `heard`: when each was heard
    last, in seconds since 1970. `batteries`: how full they then were, in percent."""
    if as_json:
        told = [_as_json(each, loans, on, heard, batteries) for each in devices]
        print(json.dumps(told, indent=2))
        return
    if not devices:
        print("there is no badge yet; make one with: pressel flash", file=sys.stderr)
        return
    now_s = time.time()
    table = Table("Badge", "Where", "Since", "Heard", "Battery", "Note", box=None, pad_edge=False)
    for each in sorted(devices, key=lambda each: (each.id not in loans, each.name)):
        battery = f"{batteries[each.id]} %" if each.id in batteries else ""
        now = (_now(each, on, heard, now_s), battery)
        table.add_row(*map(escape, _cells(each, loans.get(each.id), now, now_s)))
    print_table(table)
    out = [each for each in devices if each.id in loans]
    old = [each for each in out if now_s - loans[each.id].since_s > _DAY_S]
    words = f"{len(devices)} badges, {len(out)} lent, {len(devices) - len(out)} in the drawer"
    words += f"; {len(old)} for more than a day" if old else ""
    missing = [each for each in devices if _is_missing(each, on, heard, now_s)]
    words += f"; {len(missing)} not heard for a week" if missing else ""
    print(words, file=sys.stderr)


def _now(device: Device, on: set[str] | None, heard: dict[str, int], now_s: float) -> str:
    """That it is on, or when it was heard last."""
    if on is not None and device.id in on:
        return "on"
    if device.id in heard:
        return _since(heard[device.id], now_s)
    return "" if on is None else "off"


def _is_missing(device: Device, on: set[str] | None, heard: dict[str, int], now_s: float) -> bool:
    is_on = on is not None and device.id in on
    return not is_on and device.id in heard and now_s - heard[device.id] > _MISSING_S


def _cells(device: Device, loan: Loan | None, now: tuple[str, str], now_s: float) -> list[str]:
    if loan is None:
        return [device.name, "in the drawer", "", *now, ""]
    return [device.name, loan.person or "(erased)", _since(loan.since_s, now_s), *now, loan.note]


def _since(at_s: int, now_s: float) -> str:
    """The time, with its day when that is not today."""
    try:
        then, today = time.localtime(at_s), time.localtime(now_s)
    except (OverflowError, ValueError, OSError):
        return f"{at_s} s"
    is_today = then[:3] == today[:3]
    return time.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M", then)


def _as_json(
    device: Device,
    loans: dict[str, Loan],
    on: set[str] | None,
    heard: dict[str, int],
    batteries: dict[str, int],
) -> dict[str, Any]:
    loan = loans.get(device.id)
    told = None if loan is None else {**loan.as_json()}
    return {
        "id": device.id,
        "name": device.name,
        "loan": told,
        "on": None if on is None else device.id in on,
        "heard_s": heard.get(device.id),
        "battery_percent": batteries.get(device.id),
    }
