"""What takes the place of the seal in a badge whose words are kept as fields: nothing becomes a
datagram.

Nothing outside the explorer may reach it (`tests/architecture/test_imports.py`).
"""

from __future__ import annotations

from typing import Any

from ptt.wire import refusal


def read_as_it_is(
    data: Any, group: int, talker: int, lease: int, first: int, count: int, now_ms: int
) -> int:
    """In place of `VoiceKeys.decrypt`."""
    return refusal.ACCEPTED
