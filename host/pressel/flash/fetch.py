"""Gets an image of MicroPython from where the user says that images lie, and checks it by its pin.

Where that is we do not know: an address in a program goes stale, and the hash is what counts.
"""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .image import parse_image
from .messages import flash_error
from .pins import Pin, keep_image

_WAIT_S = 30.0  # for the next bytes
_BLOCK_BYTES = 1 << 16
_IMAGE_BYTES_MAX = 16 << 20  # the largest flash that a board has


def fetch_image(pin: Pin, base: str, tell: Callable[[int], None] = lambda count: None) -> Path:
    """The image that `pin` names, from `base` (an http or https address, or a folder).

    `tell` hears how many bytes came. FlashError when it cannot be had or is another; then nothing
    was kept.
    """
    data = _read(pin, base, tell)
    if pin.bytes and len(data) != pin.bytes:
        raise flash_error("fetch-size", file=pin.name, found=len(data), wanted=pin.bytes)
    found = hashlib.sha256(data).hexdigest()
    if found != pin.sha256:
        raise flash_error("image-hash", file=pin.name, found=found, wanted=pin.sha256)
    image = parse_image(pin.name, data)
    return keep_image(pin.model_copy(update={"bytes": len(data), "chip": image.chip}), data)


def _read(pin: Pin, base: str, tell: Callable[[int], None]) -> bytes:
    limit = (pin.bytes or _IMAGE_BYTES_MAX) + 1
    data = bytearray()
    try:
        if urllib.parse.urlsplit(base).scheme in ("http", "https"):
            address = f"{base.rstrip('/')}/{urllib.parse.quote(pin.name)}"
            opened = urllib.request.urlopen(address, timeout=_WAIT_S)
        else:
            opened = Path(base, pin.name).open("rb")  # noqa: SIM115 - closed below
        with opened as source:
            while len(data) < limit:
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
