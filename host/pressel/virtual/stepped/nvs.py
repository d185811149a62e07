"""A badge's non-volatile storage before its first start, as the shim `esp32` reads it."""

from __future__ import annotations

import json

FILE = "nvs.json"


def provisioned(key: bytes) -> str:
    """The content of `FILE` for a badge that was flashed with `key`."""
    return json.dumps({"pressel": {"key": key.hex()}})
