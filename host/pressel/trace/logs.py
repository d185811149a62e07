"""The lines of logs that are about one burst: those of hosts, and those of badges.

A host writes {"event": ..., "at": seconds since 1970, ...}, a badge {"event": ..., "ms": its own
clock, "value": ...}; what `journalctl -o json` gives of a host is read as well. All name a burst by
its lease.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.node.journald import EVENT, FIELDS
from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields, sentence

LOG_BYTES_MAX = 1 << 28  # a host that talks all day writes a tenth of it
LINES_MAX = 1000  # about one burst: each listener tells two
TIME_S_MAX = 1 << 33  # the year 2242: no log is of a later one, and calendars know it
_TURN_MS = 1 << 30  # a badge's clock begins again


@dataclass(frozen=True)
class Line:
    """One event. `at_s` of the time of day where a host told it; `ms` of the badge's own clock
    elsewhere."""

    source: str
    event: str
    fields: dict[str, Any]
    at_s: float | None = None
    ms: int | None = None

    def words(self) -> str:
        return sentence(self.event, self.fields)


def lines_about(burst: int, files: Iterable[Path]) -> list[Line]:
    """In the order of the files and of their lines. Of a badge that asked for this burst, the press
    is among them. UsageError when a file cannot be read."""
    found: list[Line] = []
    for file in files:
        pressed: Line | None = None
        for line in all_lines(file):
            if line.event == "pending":
                pressed = line
            elif line.fields.get("lease") == burst:
                if line.event == "granted" and pressed is not None:
                    found.append(pressed)
                found.append(line)
            if len(found) > LINES_MAX:
                raise UsageError(f"more than {LINES_MAX} lines are about burst {burst}")
    return found


def passed_ms(earlier: int, later: int) -> int:
    """Between two times of one badge's clock."""
    return (later - earlier) % _TURN_MS


def all_lines(file: Path) -> Iterator[Line]:
    """Every event of one log, in its order. UsageError when it cannot be read."""
    try:
        if file.stat().st_size > LOG_BYTES_MAX:
            raise UsageError(f"{file} is too large; cut it to the time that you look for")
        with file.open(encoding="utf-8", errors="replace") as opened:
            for text in opened:
                line = _read(file.stem, text)
                if line is not None:
                    yield line
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _read(source: str, text: str) -> Line | None:
    """None for what is no event."""
    try:
        told = _unpacked(dict(read_json(text)))
        event = told.pop("event")
        if event not in event_table().rows():
            return None
        if "at" in told:
            at_s = float(told.pop("at"))
            return Line(source, event, told, at_s=at_s) if 0 <= at_s < TIME_S_MAX else None
        return Line(source, event, event_fields(event, told["value"]), ms=int(told["ms"]))
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def _unpacked(told: dict[str, Any]) -> dict[str, Any]:
    """An entry of the journal as the host wrote it; other lines as they are."""
    if EVENT not in told:
        return told
    at_s = int(told["__REALTIME_TIMESTAMP"]) / 1e6
    return {**read_json(told[FIELDS]), "event": told[EVENT], "at": at_s}
