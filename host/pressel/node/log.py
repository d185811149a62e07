"""Events of a leader or a host as lines: words for people, or JSON for programs and `timeline`.

Whoever reads them may leave, and their disk may be full: the venue still needs its host.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

from pressel.errors import UsageError
from pressel.schema.events import event_table
from pressel.schema.sentences import sentence

from .journald import Journald


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


LEVELS = ("info", "warning")
FILE_BYTES_MAX = 5_000_000  # two weeks of a venue; then the file is put aside
FILES_MAX = 5  # put aside; older ones go
_PRIORITY = {"info": 6, "warning": 4}  # as journald counts


class WordLog:
    """Events as sentences on standard error and in `file`, from `level` on.

    Each line begins with date and time. Where standard error is journald's, the `journal` gets them
    with fields to search by, and standard error what that does not take.
    """

    def __init__(
        self, level: str = "info", file: Path | None = None, journal: Journald | None = None
    ) -> None:
        self._least = LEVELS.index(level)
        self._file = None if file is None else LogFile(file)
        self._journal = None
        if _is_journal(os.environ, sys.stderr):
            self._journal = journal or Journald()

    def __call__(self, event: str, fields: dict[str, Any]) -> None:
        row = event_table().rows().get(event)
        level = "warning" if row is not None and row.warning else "info"
        if LEVELS.index(level) < self._least:
            return
        words = sentence(event, fields)
        if self._journal is not None:
            if not self._journal.report(event, fields):
                print(f"<{_PRIORITY[level]}>{words}", file=sys.stderr, flush=True)
        else:
            getattr(_log(), level)(words)
        if self._file is not None:
            self._file.write(level, words)


class LogFile:
    """A file of lines, put aside when it is large. That it takes none is said once."""

    def __init__(self, file: Path) -> None:
        """UsageError when it cannot be opened."""
        try:
            self._file = RotatingFileHandler(
                file, maxBytes=FILE_BYTES_MAX, backupCount=FILES_MAX, encoding="utf-8",
                errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise UsageError(f"cannot write the log {file}: {error.strerror}") from error
        self._file.handleError = self._tell_fault
        self._name = file
        self._is_lost = False

    def write(self, level: str, words: str) -> None:
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {level:7} {words}"
        was_lost, self._is_lost = self._is_lost, False
        self._file.handle(logging.LogRecord("", 0, "", 0, line, None, None))
        if was_lost and not self._is_lost:
            print(f"{self._name} is written again; some lines are missing", file=sys.stderr)
        elif self._is_lost and not was_lost:
            why = f"cannot write the log {self._name}: {self._why}"
            print(f"{why}; the host serves on without", file=sys.stderr)

    def _tell_fault(self, record: logging.LogRecord) -> None:
        self._is_lost = True
        self._why = getattr(sys.exception(), "strerror", None) or sys.exception()


def _is_journal(environ: Mapping[str, str], stream: Any) -> bool:
    """Whether standard error goes to journald, by what systemd says of it."""
    try:
        facts = os.fstat(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{facts.st_dev}:{facts.st_ino}"


def _log() -> Any:
    if not structlog.is_configured():
        has_colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        structlog.configure(
            processors=[
                structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
                structlog.dev.ConsoleRenderer(colors=has_colours, pad_event_to=0),
            ],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    return structlog.get_logger()
