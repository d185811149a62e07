"""Term and vote of this host on disk: written before they are spoken, never lower than before.

Where the disk was lost, the clock stands in: a term is at least the seconds since 2025. A leader
that starts, or an election every four minutes, never gets ahead of that.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from pressel.errors import UsageError
from ptt.cluster.ballot import NOBODY

_EPOCH_S = 1_735_689_600  # 2025-01-01 UTC
_TERM_MAX = 2**30 - 1  # by the clock reached in 2059
_HOST_BYTES = 8

Record = tuple[int, bytes]  # term, and the host that has our vote in it


def next_term(folder: Path) -> int:
    """A term above all earlier ones, on disk before it is returned: for a leader without others."""
    term = max(_load(folder)[0] + 1, _by_the_clock())
    if term > _TERM_MAX:
        words = f"term {term - 1} is the last there is"
        raise UsageError(f"{_file(folder)} is damaged ({words}); delete it and start again")
    store_record(folder, (term, NOBODY))
    return term


def load_record(folder: Path) -> Record:
    """What was stored last; where nothing was, a term that this host has hardly voted in."""
    record = _load(folder)
    return record if record[0] else (_by_the_clock(), NOBODY)


def store_record(folder: Path, record: Record) -> None:
    """Write and wait for the disk. UsageError when it does not take it."""
    term, vote = record
    file = _file(folder)
    beside = file.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="ascii") as out:
            out.write(f"{term} {vote.hex()}".strip() + "\n")
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
        _sync_folder(folder)
    except OSError as error:
        raise UsageError(f"cannot keep the leader's state in {folder}: {error.strerror}") from error


def _load(folder: Path) -> Record:
    file = _file(folder)
    try:
        words = file.read_text("ascii").split()
        term, vote = int(words[0]), bytes.fromhex("".join(words[1:]))
        if not 0 < term <= _TERM_MAX or len(vote) not in (0, _HOST_BYTES):
            raise ValueError(f"term {term} in it is out of range")
    except FileNotFoundError:
        return (0, NOBODY)
    except OSError as error:
        raise UsageError(f"cannot keep the leader's state in {folder}: {error.strerror}") from error
    except (ValueError, IndexError) as error:
        raise UsageError(f"{file} is damaged ({error}); delete it and start again") from error
    return (term, vote)


def _file(folder: Path) -> Path:
    return folder / "term"


def _by_the_clock() -> int:
    return min(max(1, int(time.time()) - _EPOCH_S), _TERM_MAX)


def _sync_folder(folder: Path) -> None:
    """The new name must survive a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
