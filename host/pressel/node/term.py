"""Term and vote of this host on disk: written before they are spoken, never lower than before.

Where the disk was lost, the clock stands in: a term is at least the seconds since 2025. An election
every four minutes never gets ahead of that.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from pressel.errors import UsageError
from ptt.base.numbers import CLOCK_TERM_MAX
from ptt.cluster.ballot import NOBODY, TERM_MAX, can_stand

_EPOCH_S = 1_735_689_600  # 2025-01-01 UTC
_HOST_BYTES = 8

Record = tuple[int, bytes]  # term, and the host that has our vote in it


def load_record(folder: Path, *, is_alone: bool = False) -> Record:
    """What was stored last; where nothing was, a term that this host has hardly voted in.

    A host that `is_alone` begins above the clock, too: its folder may be an old copy, and nobody
    else could tell it of the terms since. Among other hosts that would depose the leader.
    Leaders of earlier versions kept their term in this file, without a vote: it is not led again.
    """
    term, vote = _load(folder)
    if term and not (is_alone and _by_the_clock() > term):
        return term, vote
    return _by_the_clock(), NOBODY


def store_record(folder: Path, record: Record) -> None:
    """Write and wait for the disk. UsageError when it does not take it."""
    term, vote = record
    assert term <= TERM_MAX, "a term beyond the last"
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
        if term <= 0 or len(vote) not in (0, _HOST_BYTES):
            raise ValueError("out of range")
    except FileNotFoundError:
        return (0, NOBODY)
    except OSError as error:
        raise UsageError(f"cannot keep the leader's state in {folder}: {error.strerror}") from error
    except (ValueError, IndexError) as error:
        raise UsageError(f"{file} is damaged; delete it and start again") from error
    if not can_stand(term):
        raise UsageError(
            f"{file} holds a term above which nobody can lead: stop all hosts, delete the "
            "file `term` in the state folder of each, and start them; badges follow"
        )
    return (term, vote)


def _file(folder: Path) -> Path:
    return folder / "term"


def _by_the_clock() -> int:
    now_s = int(time.time()) - _EPOCH_S
    return now_s if 0 < now_s <= CLOCK_TERM_MAX else 1


def _sync_folder(folder: Path) -> None:
    """The new name must survive a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
