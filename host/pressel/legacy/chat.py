"""Chat messages between the old apps, which set no limit, and badges, which have a short line."""

from __future__ import annotations

from pressel.printable import one_line, printable
from ptt.base.numbers import TEXT_BYTES_MAX

from .limits import NAME_BYTES_MAX, TEXT_PIECES_MAX

_MORE = "…"  # a text that goes on, or was cut off


def plain(text: str, bytes_max: int) -> str:
    """One printable line of at most `bytes_max` bytes of UTF-8, whole characters only."""
    line = one_line(printable(text, " "))
    return line.encode(errors="replace")[:bytes_max].decode(errors="ignore")


def to_badges(name: str, text: str) -> list[bytes]:
    """A text of app `name` in pieces that fit, each with the writer's name before it."""
    prefix = f"{plain(name, NAME_BYTES_MAX)}: "
    room = TEXT_BYTES_MAX - len(prefix.encode()) - len(_MORE.encode())
    left = plain(text, TEXT_PIECES_MAX * room + 1)
    pieces = []
    while left and len(pieces) < TEXT_PIECES_MAX:
        piece = left.encode()[:room].decode(errors="ignore")
        left = left[len(piece) :]
        pieces.append(f"{prefix}{piece}{_MORE if left else ''}".encode())
    return pieces


def to_apps(name: str, text: str) -> str:
    """A text of badge or app `name` as old apps show it. The name comes first and loses its
    underscores, so that no text can be taken for a word of the protocol."""
    return f"{plain(name, NAME_BYTES_MAX).lstrip('_') or '?'}: {text.strip()}"
