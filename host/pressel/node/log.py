"""Events of a leader or a host as lines: words for people, or JSON for programs and `timeline`.

Whoever reads them may leave, and their disk may be full: the venue still needs its host.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import structlog

from pressel.schema.events import event_table
from pressel.schema.sentences import sentence


def report_json(event: str, fields: dict[str, Any]) -> None:
    """One line; `at` is the time of day in seconds since 1970."""
    _LINES.write(json.dumps({"event": event, **fields, "at": round(time.time(), 3)}))


class Lines:
    """Standard output, a line at a time; that it takes none is said once on standard error, and
    that it takes them again, too."""

    def __init__(self) -> None:
        self._is_lost = False

    def write(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            if not self._is_lost:
                why = error.strerror or error
                print(f"cannot write events: {why}; the host serves on without", file=sys.stderr)
            self._is_lost = True
        else:
            if self._is_lost:
                print("events are written again; some are missing", file=sys.stderr)
            self._is_lost = False


_LINES = Lines()


def report_words(event: str, fields: dict[str, Any]) -> None:
    row = event_table().rows().get(event)
    say = _log().warning if row is not None and row.warning else _log().info
    say(sentence(event, fields))


def _log() -> Any:
    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0),
            ],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    return structlog.get_logger()
