"""How a kind of sound chip is set up when stock MicroPython's I2S clocks it: codecs/<kind>.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "codecs"


def codec_kinds() -> list[str]:
    """The kinds with a file."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


@cache
def load_codec(kind: str) -> dict[str, Any]:
    """`registers`, `talking` and `listening` of a kind of `codec_kinds`."""
    return tomllib.loads((_FOLDER / f"{kind}.toml").read_text("utf-8"))
