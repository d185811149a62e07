"""Events of a leader or a host as lines: words for people, or JSON for programs and `timeline`."""

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
    try:
        print(json.dumps({"event": event, **fields, "at": round(time.time(), 3)}), flush=True)
    except BrokenPipeError:  # whoever read the events has left; the venue still needs its leader
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
