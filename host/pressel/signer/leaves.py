"""Which leaves of a signer have been used: a list in its folder, and a counter elsewhere.

A leaf that signs two different messages gives the key away, so a leaf is on the list, on disk,
before it signs. A list alone would not notice that it was put back from an older copy; so each
computer keeps a counter of its own beside its other state. List and counter must agree, or the
signer refuses until a person says which is right. Lines of the list are chained by hashes, so that
one that was changed, or taken out, is noticed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import platformdirs

from pressel.errors import PresselError, UsageError
from pressel.private_folder import make_private
from pressel.registry.secret_file import sync_folder, write_private
from ptt.link.lms import NAME_AT

from .lms import LEAVES, NAME_BYTES

LIST_BYTES_MAX = 1 << 18  # 1,024 lines of 100 bytes, and as many leaves left out
SKIPPED = 32  # leaves that are left out when nobody knows how many were used

_HEAD = re.compile("pressel-leaves 1 ([0-9a-f]{112})")
_LINE = re.compile("(sign|skip) ([0-9]{1,4}) ([0-9a-f]{64}|-) ([0-9a-f]{16})")
_COUNTER = re.compile("([0-9]{1,4}) ([0-9a-f]{16})\n")

_MOVED = (
    "this computer has no counter for the signer in {folder}. If the signer was moved here and no "
    "copy of it stays in use, run `pressel release adopt`; otherwise sign where it is in use"
)
_ROLLED_BACK = (
    "leaf {used} of the signer in {folder} has signed already, but its list ends before: the "
    "folder was put back from an older copy, or another copy is in use. Bring the newest copy; "
    "where there is none, run `pressel release adopt`, which goes on behind both"
)
_ELSEWHERE = (
    "the signer in {folder} has signed elsewhere since it was used on this computer. If no copy of "
    "it stays in use there, run `pressel release adopt`; otherwise sign where it is in use"
)
_DAMAGED = (
    "{file} is damaged; bring the newest copy of the folder and run `pressel release adopt`, or "
    "make a new signer with `pressel release keygen` and flash the badges again"
)


@dataclass(frozen=True)
class Place:
    """How far a list or a counter has come: the `next` leaf, and the check of the last line."""

    next: int
    check: str


class Leaves:
    """Of the signer called `name` (32 hexadecimal digits) in `folder`; `held` while it is used."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._file = folder / "leaves"
        self._name = name
        self._counters = platformdirs.user_state_path("pressel") / "signers"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """One process at a time, of all copies on this computer."""
        make_private(self._counters)
        with (self._counters / f"{self._name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def begin(self, public: bytes) -> None:
        """For a key that has never signed."""
        assert _name_in(public.hex()) == self._name
        self._write([f"pressel-leaves 1 {public.hex()}"])

    def public(self) -> bytes:
        """The key as it was when it was made."""
        return bytes.fromhex(self._read()[0][0].split()[2])

    def agreed(self) -> int:
        """The next leaf. UsageError when list and counter do not agree, or either is damaged."""
        lines, places = self._read()
        counter = self._counter()
        if counter is None:
            raise UsageError(_MOVED.format(folder=self._folder))
        if counter.next > places[-1].next:
            raise UsageError(_ROLLED_BACK.format(used=counter.next - 1, folder=self._folder))
        # A power cut may have come between the list and the counter: what signed is one ahead. An
        # adoption that is one ahead may be that of a computer which goes on signing.
        is_cut = lines[-1].startswith("sign")
        if counter not in places[-2 if is_cut else -1 :]:
            raise UsageError(_ELSEWHERE.format(folder=self._folder))
        if counter != places[-1]:
            self._write(lines)
        return places[-1].next

    def reserve(self, digest: str) -> int:
        """The leaf that may sign what has this SHA-256: from now on it is used, whatever comes."""
        leaf = self.agreed()
        self._append("sign", leaf, digest)
        return leaf

    def adopt(self, leaf: int | None) -> int:
        """Go on with `leaf`, or far enough behind all that is known here; the next leaf."""
        known = self._read()[1][-1].next
        counter = self._counter()
        known = max(known, counter.next if counter else 0)
        if leaf is not None and leaf < known:
            raise UsageError(f"leaf {known - 1} has been used; name one from {known} on")
        chosen = min(known + SKIPPED, LEAVES) if leaf is None else leaf
        self._append("skip", chosen, "-")
        return chosen

    # --- on disk ---

    def _append(self, word: str, leaf: int, digest: str) -> None:
        lines, places = self._read()
        text = f"{word} {leaf} {digest}"
        self._write([*lines, f"{text} {_check(places[-1].check, text)}"])

    def _read(self) -> tuple[list[str], list[Place]]:
        """The list's lines, and how far each came."""
        damaged = UsageError(_DAMAGED.format(file=self._file))
        try:
            with self._file.open("rb") as source:
                raw = source.read(LIST_BYTES_MAX + 1)
            lines = raw.decode("ascii").splitlines()
        except FileNotFoundError:
            raise UsageError(f"there is no {self._file}; bring the newest copy of it") from None
        except OSError as error:
            raise UsageError(f"cannot read {self._file}: {error.strerror}") from error
        except UnicodeDecodeError:
            raise damaged from None
        head = _HEAD.fullmatch(lines[0]) if lines and raw.endswith(b"\n") else None
        if head is None or len(raw) > LIST_BYTES_MAX:
            raise damaged
        if _name_in(head[1]) != self._name:
            raise UsageError(f"{self._file} is of another signer; bring the one that belongs here")
        places = [Place(0, _check("", lines[0]))]
        for line in lines[1:]:
            found = _LINE.fullmatch(line)
            if found is None or not _follows(places[-1], found[1], int(found[2])):
                raise damaged
            check = _check(places[-1].check, line[: -len(found[4]) - 1])
            if check != found[4]:
                raise damaged
            places.append(Place(int(found[2]) + (found[1] == "sign"), check))
        return lines, places

    def _write(self, lines: list[str]) -> None:
        """The list first: a counter that is one behind is known to be so, one ahead is not."""
        last = lines[-1].split()
        place = Place(0, _check("", lines[0]))
        if len(lines) > 1:
            place = Place(int(last[1]) + (last[0] == "sign"), last[3])
        try:
            _replace(self._file, "".join(f"{line}\n" for line in lines))
            _replace(self._counters / self._name, f"{place.next} {place.check}\n")
        except OSError as error:
            raise PresselError(
                f"cannot note the leaf: {error.strerror}; nothing was signed"
            ) from error

    def _counter(self) -> Place | None:
        file = self._counters / self._name
        try:
            text = file.read_text("ascii")
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            text = ""
        found = _COUNTER.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{file} is damaged; if no copy of the signer is in use elsewhere, delete it and "
                "run `pressel release adopt`"
            )
        return Place(int(found[1]), found[2])


def _name_in(public: str) -> str:
    return public[2 * NAME_AT :][: 2 * NAME_BYTES]


def _follows(before: Place, word: str, leaf: int) -> bool:
    return before.next == leaf < LEAVES if word == "sign" else before.next <= leaf <= LEAVES


def _check(before: str, text: str) -> str:
    return sha256(f"{before} {text}".encode()).hexdigest()[:16]


def _replace(file: Path, text: str) -> None:
    """Whole and on disk, or as it was."""
    beside = file.with_name(file.name + ".new")
    beside.unlink(missing_ok=True)
    write_private(beside, text)
    os.replace(beside, file)
    sync_folder(file.parent)
