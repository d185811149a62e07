"""A stand-in for the seal of a badge whose words are kept as fields: nothing becomes a datagram.

Nothing outside the explorer may reach it (`tests/architecture/test_imports.py`).
"""

from __future__ import annotations

from typing import Any, NoReturn

from ptt.wire import refusal


class ClearSession:
    """In place of a participant's `Session`."""

    def decrypt(self, data: Any, now_ms: int) -> int:
        return refusal.ACCEPTED

    def left(self) -> None:
        """There are no keys to forget."""


def no_cipher(key: bytes) -> NoReturn:
    raise AssertionError("voice in the clear needs no cipher")


def no_chance(count: int) -> NoReturn:
    raise AssertionError("what is in the clear needs no chance")
