"""Standard input, output and error as a command finds them: closed ones, and full disks.

Data that cannot be written is a failure, which a sentence tells; words that cannot be written are
no failure.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any


class LostOutputError(OSError):
    """Standard output does not take data."""


class _Stream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Data(_Stream):
    """Standard output: data that it cannot take becomes an error of its own."""

    def write(self, text: str) -> int:
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        with _told():
            self._stream.flush()


class _Words(_Stream):
    """Standard error: what it cannot take is thrown away."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader has read enough
        raise
    except OSError as error:
        raise LostOutputError(error.errno, error.strerror) from error


@contextlib.contextmanager
def standing_in() -> Iterator[None]:
    """Give those that are closed a stand-in, in the order of their numbers: whatever is opened next
    would take its number, and data and words its place. Reading finds an end; data is refused."""
    before = sys.stdin, sys.stdout, sys.stderr
    if sys.stdin is None:
        sys.stdin = _opened(os.O_RDONLY, "r")
    if sys.stdout is None:
        sys.stdout = _opened(os.O_RDONLY, "w")
    if sys.stderr is None:
        sys.stderr = _opened(os.O_WRONLY, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal has no letter for is replaced
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = _Data(sys.stdout), _Words(sys.stderr)
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _opened(flags: int, mode: str) -> Any:
    return open(os.open(os.devnull, flags), mode, encoding="utf-8", errors="replace")


def give_up() -> None:
    """Throw away what standard output has still to write: Python would complain again at the
    end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
