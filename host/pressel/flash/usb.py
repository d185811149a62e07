"""The serial ports on USB, and what may be behind each, by usb.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from pressel.printable import printable

_TABLE = Path(__file__).with_name("usb.toml")


@dataclass(frozen=True)
class Attached:
    """`what` in words. `--all` leaves a port alone that is not likely a badge's."""

    port: str
    what: str
    is_likely: bool


def attached() -> list[Attached]:
    """All serial ports on USB, by name."""
    found = []
    for each in sorted(list_ports.comports(), key=lambda port: port.device):
        if each.vid is None:
            continue  # one of the machine's own
        row = _row(each.vid, each.pid)
        product = f" ({printable(each.product)})" if each.product else ""
        unknown = f"something else, {each.vid:04x}:{each.pid or 0:04x}"
        what = (row["what"] if row else unknown) + product
        found.append(Attached(each.device, what, bool(row and row["is_likely"])))
    return found


def _row(vid: int, pid: int | None) -> dict[str, Any] | None:
    rows = [each for each in _rows() if each["vid"] == vid]
    exact = (each for each in rows if each.get("pid") == pid)
    return next(exact, next((each for each in rows if "pid" not in each), None))


@cache
def _rows() -> list[dict[str, Any]]:
    return tomllib.loads(_TABLE.read_text("utf-8"))["device"]
