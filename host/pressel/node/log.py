"""Events of a leader or a host as lines: words for people, or JSON for programs and `timeline`."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import structlog

WARNINGS = ("v1_bridge", "v1_not_announced", "not_announced", "other_host", "registry")


def report_json(event: str, fields: dict[str, Any]) -> None:
    """One line; `at` is the time of day in seconds since 1970."""
    try:
        print(json.dumps({"event": event, **fields, "at": round(time.time(), 3)}), flush=True)
    except BrokenPipeError:  # whoever read the events has left; the venue still needs its leader
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report_words(event: str, fields: dict[str, Any]) -> None:
    say = _log().warning if event in WARNINGS else _log().info
    say(event.replace("_", " "), **fields)


def _log() -> Any:
    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=14),
            ],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    return structlog.get_logger()
