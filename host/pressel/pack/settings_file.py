"""A settings file as the badge reads it: JSON in UTF-8.

MicroPython does not join the two halves in which JSON escapes a character beyond U+FFFF: it would
read other bytes than were meant, such as a name that is too long or a network that does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def settings_file(record: Mapping[str, Any]) -> bytes:
    """`record` without any escape that a badge would read differently."""
    return json.dumps(record, ensure_ascii=False).encode()
