"""Gets an image of MicroPython from where images lie, and checks it by its pin.

We do not know where that is: an address in a program goes stale, and only the hash counts.
"""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .image import IMAGE_BYTES_MAX, parse_image, read_bounded
from .messages import flash_error
from .pins import Pin, keep_image

_WAIT_S = 30.0  # for the next bytes
_TOTAL_S = 1800.0  # 1.8 MB at 1 KB/s
_BLOCK_BYTES = 1 << 16


def fetch_image(pin: Pin, base: str, tell: Callable[[int], None] = lambda count: None) -> Path:
    """The image that `pin` names, from `base` (an http or https address, or a folder).

    `tell` hears how many bytes came. FlashError when it cannot be had or is a different one;
    nothing is kept then.
    """
    return keep_checked(pin, _read(pin, base, tell))


def keep_checked(pin: Pin, data: bytes) -> Path:
    """Keep `data` when it is the image of `pin`; else FlashError."""
    if pin.bytes and len(data) != pin.bytes:
        raise flash_error("fetch-size", file=pin.name, found=len(data), wanted=pin.bytes)
    found = hashlib.sha256(data).hexdigest()
    if found != pin.sha256:
        raise flash_error("image-hash", file=pin.name, found=found, wanted=pin.sha256)
    image = parse_image(pin.name, data)
    return keep_image(pin.model_copy(update={"bytes": len(data), "chip": image.chip}), data)


def _read(pin: Pin, base: str, tell: Callable[[int], None]) -> bytes:
    limit = (pin.bytes or IMAGE_BYTES_MAX) + 1
    data = bytearray()
    end_s = time.monotonic() + _TOTAL_S
    try:
        if urllib.parse.urlsplit(base).scheme not in ("http", "https"):
            return read_bounded(Path(base, pin.name))
        address = f"{base.rstrip('/')}/{urllib.parse.quote(pin.name)}"
        with urllib.request.urlopen(address, timeout=_WAIT_S) as source:
            while len(data) < limit:
                if time.monotonic() > end_s:
                    raise TimeoutError("it comes too slowly")
                block = source.read(min(_BLOCK_BYTES, limit - len(data)))
                if not block:
                    break
                data += block
                tell(len(data))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise flash_error("fetch-failed", file=pin.name, reason=_reason(error)) from error
    return bytes(data)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return str(reason) or type(error).__name__
