"""TOML from outside: whatever is wrong with it is a TOMLDecodeError.

Python's own reader also raises a RecursionError, for brackets in brackets, and takes very long for
keys of many parts.
"""

from __future__ import annotations

import tomllib
from typing import Any

# Python's reader takes time by the square of the parts of a key, which lie on one line: half a
# minute for 32,000 of them. No file of ours has half as many characters, or four dots in a key.
TOML_CHARACTERS_MAX = 65_536
TOML_DOTS_MAX = 64  # on a line


def read_toml(text: str) -> dict[str, Any]:
    """What `text` says. TOMLDecodeError, a ValueError, when it is no TOML, or too long."""
    if len(text) > TOML_CHARACTERS_MAX:
        raise tomllib.TOMLDecodeError(f"it has more than {TOML_CHARACTERS_MAX} characters")
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > TOML_DOTS_MAX:
            raise tomllib.TOMLDecodeError(f"more than {TOML_DOTS_MAX} dots (at line {number})")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("brackets are nested too deeply") from None
