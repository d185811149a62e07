"""TOML from outside: whatever is wrong with it is a TOMLDecodeError.

Python's own reader also raises a RecursionError, for brackets in brackets, and a plain ValueError,
for thousands of digits; and takes very long for keys of many parts.
"""

from __future__ import annotations

import re
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
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise tomllib.TOMLDecodeError(f"a number is too long{_longest(text)}") from None


def _longest(text: str) -> str:
    """Where the most digits stand, as Python's reader says it."""
    digits = max(re.finditer(r"[0-9_]+", text), key=lambda found: len(found.group()), default=None)
    if digits is None:
        return ""
    before = text[: digits.start()]
    column = digits.start() - (before.rfind("\n") + 1) + 1
    return f" (at line {before.count(chr(10)) + 1}, column {column})"
