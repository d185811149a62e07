"""Errors whose cause is outside the program, with the exit code that each kind ends in.

Their text is for people: a sentence that says what is wrong and what to do next. It is printed
without a traceback, so anything that is a fault of the program itself must not be one of these.
"""

from __future__ import annotations

import errno

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of a disk, a user's part of it, a file


class PresselError(Exception):
    """Something failed that the program can put into words."""

    exit_code = 1


class UsageError(PresselError):
    """What the user gave cannot be worked with: an option, a file, a configuration."""

    exit_code = 2


class OtherVersionError(UsageError):
    """A host of another version of Pressel does not know what it was asked."""


class UnreachableError(PresselError):
    """A leader, a badge or a device does not answer."""

    exit_code = 3


class InvariantError(PresselError):
    """A promise of the protocol was seen broken, such as two talkers heard at once."""

    exit_code = 4


def disk_error(error: BaseException) -> PresselError | None:
    """In words, when `error` says that there is no room for a file; else None."""
    if not isinstance(error, OSError) or error.errno not in _FULL:
        return None
    where = f" for {error.filename}" if error.filename else ""
    return PresselError(f"there is no room{where} on this computer's disk; make some and try again")
